//! configfs-tsm, against a model of what the kernel does.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod samples;

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::Mutex,
};

use prover_quote::{
    QuoteError, Quoter, format,
    tsm::{REPORT_ROOT, ReportFiles, Tsm},
};

/// What the model does beside answering.
#[derive(Clone, Copy, Default)]
struct Behaviour {
    /// Quotes are padded to this length.
    padding: usize,
    /// Somebody else writes during the first so many reports.
    interference: u32,
    /// The first so many reports fail because options changed.
    busy: u32,
    /// The first so many names are taken.
    taken: u32,
    /// The quote answers an older request.
    stale: bool,
    /// Reports are for SEV.
    sev: bool,
}

/// A kernel with configfs-tsm: one directory per request, attributes that exist by themselves.
struct Model {
    behaviour: Behaviour,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    requests: HashMap<PathBuf, Request>,
    made: u32,
    reports: u32,
}

#[derive(Default)]
struct Request {
    generation: u64,
    inblob: Option<[u8; 64]>,
}

fn model(behaviour: Behaviour) -> Tsm<Model> {
    Tsm::with_files(REPORT_ROOT, Model { behaviour, state: Mutex::default() })
}

impl ReportFiles for Model {
    fn create(&self, path: &Path) -> io::Result<()> {
        assert_eq!(path.parent(), Some(Path::new(REPORT_ROOT)));
        let mut state = self.state.lock().unwrap();
        state.made += 1;
        if state.made <= self.behaviour.taken || state.requests.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        state.requests.insert(path.into(), Request::default());
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.state.lock().unwrap().requests.remove(path).map(drop).ok_or(io::ErrorKind::NotFound.into())
    }

    fn read(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>> {
        let mut state = self.state.lock().unwrap();
        let State { requests, reports, .. } = &mut *state;
        let request = requests.get_mut(path.parent().unwrap()).ok_or(io::ErrorKind::NotFound)?;
        let content = match path.file_name().unwrap().to_str().unwrap() {
            "provider" if self.behaviour.sev => b"sev_guest\n".to_vec(),
            "provider" => b"tdx_guest\n".to_vec(),
            "generation" => format!("{}\n", request.generation).into_bytes(),
            "outblob" => {
                *reports += 1;
                if *reports <= self.behaviour.busy {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                if *reports <= self.behaviour.interference {
                    request.generation += 1;
                    request.inblob = Some([0xee; 64]);
                }
                let inblob = request.inblob.ok_or(io::ErrorKind::InvalidInput)?;
                let mut quote = samples::v4();
                quote.truncate(format::length(&quote).unwrap());
                quote[568..632].copy_from_slice(if self.behaviour.stale { &[9; 64] } else { &inblob });
                quote.resize(quote.len().max(self.behaviour.padding), 0);
                quote
            }
            _ => return Err(io::ErrorKind::NotFound.into()),
        };
        Ok(content[..content.len().min(limit)].to_vec())
    }

    fn write(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        let request = state.requests.get_mut(path.parent().unwrap()).ok_or(io::ErrorKind::NotFound)?;
        assert_eq!(path.file_name().unwrap(), "inblob");
        request.generation += 1;
        request.inblob = Some(content.try_into().map_err(|_| io::ErrorKind::InvalidInput)?);
        Ok(())
    }
}

#[test]
fn a_quote_is_asked_for_and_padding_is_cut() {
    for padding in [0, 8000] {
        let tsm = model(Behaviour { padding, ..Behaviour::default() });
        for value in [1, 2, 3] {
            let quote = tsm.quote(&[value; 64]).unwrap();
            assert_eq!(format::report_data(&quote), Ok(&[value; 64]));
            assert_eq!(format::length(&quote), Ok(quote.len()));
        }
    }
}

#[test]
fn requests_are_removed_even_after_a_failure() {
    for stale in [false, true] {
        let files = Model { behaviour: Behaviour { stale, ..Behaviour::default() }, state: Mutex::default() };
        let files = std::sync::Arc::new(files);
        let tsm = Tsm::with_files(REPORT_ROOT, Shared(files.clone()));
        assert_eq!(tsm.quote(&[1; 64]).is_ok(), !stale);
        let state = files.state.lock().unwrap();
        assert_eq!((state.made, state.requests.len()), (1, 0));
    }
}

#[test]
fn interference_is_noticed_and_tried_again() {
    let quote = model(Behaviour { interference: 2, ..Behaviour::default() }).quote(&[5; 64]).unwrap();
    assert_eq!(format::report_data(&quote), Ok(&[5; 64]));
    let quote =
        model(Behaviour { busy: 1, interference: 2, ..Behaviour::default() }).quote(&[5; 64]).unwrap();
    assert_eq!(format::report_data(&quote), Ok(&[5; 64]));
    let error = model(Behaviour { interference: 9, ..Behaviour::default() }).quote(&[5; 64]).unwrap_err();
    assert!(matches!(error, QuoteError::Interfered { expected, got } if got == expected + 1), "{error}");
}

#[test]
fn taken_names_are_passed_over() {
    assert!(model(Behaviour { taken: 10, ..Behaviour::default() }).quote(&[0; 64]).is_ok());
    let error = model(Behaviour { taken: 1000, ..Behaviour::default() }).quote(&[0; 64]).unwrap_err();
    assert!(matches!(error, QuoteError::Unavailable { .. }), "{error}");
}

#[test]
fn other_platforms_and_other_answers_are_refused() {
    let error = model(Behaviour { sev: true, ..Behaviour::default() }).quote(&[0; 64]).unwrap_err();
    assert!(
        matches!(&error, QuoteError::WrongProvider { expected: "tdx_guest", got } if got == "sev_guest"),
        "{error}"
    );
    let error = model(Behaviour { stale: true, ..Behaviour::default() }).quote(&[0; 64]).unwrap_err();
    assert!(matches!(error, QuoteError::WrongReportData { .. }), "{error}");
}

#[test]
fn a_machine_without_configfs_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let error = Tsm::new(folder.path().join("absent")).quote(&[0; 64]).unwrap_err();
    assert!(matches!(error, QuoteError::Unavailable { .. }), "{error}");
    // A plain folder makes no attributes appear.
    let error = Tsm::new(folder.path()).quote(&[0; 64]).unwrap_err();
    assert!(matches!(&error, QuoteError::Platform { path, .. } if path.ends_with("provider")), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the request was removed");
}

/// One model in several hands.
struct Shared(std::sync::Arc<Model>);

impl ReportFiles for Shared {
    fn create(&self, request: &Path) -> io::Result<()> {
        self.0.create(request)
    }
    fn remove(&self, request: &Path) -> io::Result<()> {
        self.0.remove(request)
    }
    fn read(&self, attribute: &Path, limit: usize) -> io::Result<Vec<u8>> {
        self.0.read(attribute, limit)
    }
    fn write(&self, attribute: &Path, content: &[u8]) -> io::Result<()> {
        self.0.write(attribute, content)
    }
}
