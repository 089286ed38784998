//! Genuine quotes, signed by Intel, from the package of `dcap-qvl`.

#![allow(dead_code, reason = "not every test file uses every sample")]

use std::{path::PathBuf, process::Command, sync::OnceLock};

/// The folder of samples inside the package, wherever cargo keeps it.
fn folder() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version=1", "--offline", "--locked"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let packages = metadata["packages"].as_array().unwrap();
        let package = packages.iter().find(|package| package["name"] == "dcap-qvl").unwrap();
        PathBuf::from(package["manifest_path"].as_str().unwrap()).with_file_name("sample")
    })
}

/// One file of the samples.
pub(crate) fn sample(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap()
}

/// A version 4 quote, followed by some padding.
pub(crate) fn v4() -> Vec<u8> {
    sample("tdx_quote")
}

/// A version 5 quote with a TD 1.5 report and its extension.
pub(crate) fn v5() -> Vec<u8> {
    sample("tdx_quote_td15ex")
}
