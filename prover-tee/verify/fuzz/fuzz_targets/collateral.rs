//! Files of collateral: read, and taken apart into uploads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prover_verify::{collateral::CollateralFile, root::Root};

fuzz_target!(|bytes: &[u8]| {
    let (Ok(file), Ok(root)) = (CollateralFile::parse(bytes), Root::intel()) else { return };
    let _ = file.head();
    let _ = file.uploads(&[], root.key());
    let _ = file.platform_chain_pem();
});
