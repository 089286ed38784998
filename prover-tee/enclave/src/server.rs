//! Sockets, frames and limits.

use std::{
    fs,
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::{
        fs::{FileTypeExt, PermissionsExt},
        net::{UnixListener, UnixStream},
    },
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use prover_core::{
    Endpoint, FrameError,
    enclave::{EnclaveRequest, EnclaveResponse, Failed},
    frame::{self, MAX_BATCH},
};

use crate::Service;

/// Connections served at once. There is one host; the rest are its restarts and a status command.
pub const MAX_CONNECTIONS: usize = 4;

/// A connection that says nothing for so long is closed. Hosts ask for [`Info`] more often.
///
/// [`Info`]: prover_core::enclave::Info
pub const IDLE_LIMIT: Duration = Duration::from_secs(120);

/// A peer that takes no bytes of a response for so long is dropped.
const WRITE_LIMIT: Duration = Duration::from_secs(30);

/// How long to wait after the system could not accept a connection, for descriptors to come free.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A listening enclave.
pub struct Server {
    listener: Listener,
    endpoint: Endpoint,
}

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Server {
    /// Listens on `endpoint`. With TCP port 0 the system chooses one.
    pub fn bind(endpoint: &Endpoint) -> io::Result<Self> {
        match endpoint {
            Endpoint::Tcp(address) => {
                let listener = TcpListener::bind(address)?;
                let endpoint = Endpoint::Tcp(listener.local_addr()?.to_string());
                Ok(Self { listener: Listener::Tcp(listener), endpoint })
            }
            Endpoint::Unix(path) => {
                remove_stale(path)?;
                let listener = UnixListener::bind(path)?;
                fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
                Ok(Self { listener: Listener::Unix(listener), endpoint: endpoint.clone() })
            }
        }
    }

    /// Where it listens.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Serves connections, each on a thread of its own, until the process ends.
    pub fn run(self, service: &Arc<Service>) -> ! {
        let open = Arc::new(AtomicUsize::new(0));
        loop {
            match self.accept() {
                Ok(stream) => start(stream, Arc::clone(service), &open),
                Err(error) => {
                    eprintln!("accept failed: {error}");
                    thread::sleep(ACCEPT_PAUSE);
                }
            }
        }
    }

    fn accept(&self) -> io::Result<Stream> {
        Ok(match &self.listener {
            Listener::Tcp(listener) => Stream::Tcp(listener.accept()?.0),
            Listener::Unix(listener) => Stream::Unix(listener.accept()?.0),
        })
    }
}

/// Removes a socket that no process listens on any more, as a killed one leaves it. Leaves any other
/// file alone.
fn remove_stale(path: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket()) {
        return Ok(());
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        _ => Ok(()),
    }
}

/// Serves one connection on a thread of its own, or drops it if there are too many.
fn start(mut stream: Stream, service: Arc<Service>, open: &Arc<AtomicUsize>) {
    let slot = Slot(Arc::clone(open));
    if open.fetch_add(1, Ordering::SeqCst) >= MAX_CONNECTIONS {
        eprintln!("connection refused: {MAX_CONNECTIONS} are open");
        return;
    }
    let spawned = thread::Builder::new().name("connection".into()).spawn(move || {
        serve(&mut stream, &service);
        // Whoever sees the end of a connection finds its place free.
        drop(slot);
        drop(stream);
    });
    if let Err(error) = spawned {
        eprintln!("no thread for a connection: {error}");
    }
}

/// One of the connections that are counted.
struct Slot(Arc<AtomicUsize>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Answers requests until the peer leaves or breaks the framing.
fn serve(stream: &mut Stream, service: &Service) {
    if stream.limit().is_err() {
        return;
    }
    loop {
        let response = match frame::read::<EnclaveRequest>(stream, MAX_BATCH) {
            Ok(request) => {
                let response = service.respond(&request);
                log(&response);
                response
            }
            // The frame was read to its end, so the next one can be found.
            Err(FrameError::Message(error)) => failed(&error),
            Err(error @ FrameError::TooLong { .. }) => {
                // What follows cannot be told apart. The answer may be lost with the connection.
                let _ = frame::write(stream, &failed(&error));
                return;
            }
            Err(_) => return,
        };
        if frame::write(stream, &response).is_err() {
            return;
        }
    }
}

fn failed(error: &dyn std::fmt::Display) -> EnclaveResponse {
    Failed { reason: error.to_string() }.into()
}

/// One line for what was signed or refused: nothing secret is in a response.
fn log(response: &EnclaveResponse) {
    match response {
        EnclaveResponse::Signed(signed) => eprintln!(
            "signed block={} output={} origin={}",
            signed.transition.lastL2Block, signed.transition.outputRoot, signed.transition.l1OriginNumber
        ),
        EnclaveResponse::Refused(refused) => {
            eprintln!("refused code={} reason={}", refused.code, refused.reason)
        }
        EnclaveResponse::Failed(failed) => eprintln!("failed reason={}", failed.reason),
        EnclaveResponse::Quote(quote) => eprintln!("quoted bytes={}", quote.quote.len()),
        EnclaveResponse::Info(_) => {}
    }
}

/// An accepted connection.
enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    fn limit(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(IDLE_LIMIT))?;
                stream.set_write_timeout(Some(WRITE_LIMIT))
            }
            Self::Unix(stream) => {
                stream.set_read_timeout(Some(IDLE_LIMIT))?;
                stream.set_write_timeout(Some(WRITE_LIMIT))
            }
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(buffer),
            Self::Unix(stream) => stream.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.flush(),
            Self::Unix(stream) => stream.flush(),
        }
    }
}
