//! Collateral from a service that speaks Intel's API, as a PCCS does.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
};

use prover_quote::{
    Quoter,
    software::{Clock, Collateral, CollateralSpec, SoftwarePki},
};
use prover_tee::pccs::{self, PccsError};
use prover_verify::{
    collateral::CollateralFile,
    doctor::{Diagnosis, Examination, Subject},
    root::Root,
};

const NOW: Clock = Clock(1_795_226_400);

/// One path of the service: status, header with a chain, body.
fn answer(collateral: &Collateral, path: &str) -> (u16, String, Vec<u8>) {
    let header =
        |name: &str, pem: &str| format!("{name}: {}\r\n", pem.replace(' ', "%20").replace('\n', "%0A"));
    let signed = |key: &str, text: &str, signature: &[u8]| {
        format!(r#"{{"{key}":{text},"signature":"{}"}}"#, hex(signature)).into_bytes()
    };
    match path {
        "/sgx/certification/v4/pckcrl?ca=platform&encoding=der" => (
            200,
            header("SGX-PCK-CRL-Issuer-Chain", &collateral.pck_crl_issuer_chain),
            collateral.pck_crl.clone(),
        ),
        "/sgx/certification/v4/rootcacrl" => (200, String::new(), hex(&collateral.root_ca_crl).into_bytes()),
        "/tdx/certification/v4/qe/identity" => (
            200,
            header("SGX-Enclave-Identity-Issuer-Chain", &collateral.qe_identity_issuer_chain),
            signed("enclaveIdentity", &collateral.qe_identity, &collateral.qe_identity_signature),
        ),
        path if path.starts_with("/tdx/certification/v4/tcb?fmspc=") => (
            200,
            header("TCB-Info-Issuer-Chain", &collateral.tcb_info_issuer_chain),
            signed("tcbInfo", &collateral.tcb_info, &collateral.tcb_info_signature),
        ),
        _ => (404, String::new(), Vec::new()),
    }
}

fn hex(bytes: &[u8]) -> String {
    alloy_primitives::hex::encode(bytes)
}

/// A service that answers until the test ends. Returns its address, and what it is asked for.
fn serve(collateral: Collateral) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let request = lines.next().unwrap().unwrap();
            while !lines.next().unwrap().unwrap().is_empty() {}
            let path = request.split(' ').nth(1).unwrap().to_owned();
            let (status, header, body) = answer(&collateral, &path);
            log.lock().unwrap().push(path);
            let head = format!(
                "HTTP/1.1 {status} x\r\n{header}Content-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
        }
    });
    (format!("http://{address}"), asked)
}

#[tokio::test]
async fn what_a_service_answers_lets_a_quote_be_judged() {
    let pki = SoftwarePki::new([7; 32], NOW);
    let collateral = pki.collateral(&CollateralSpec::new(NOW.minus(3600))).unwrap();
    let expected = CollateralFile::parse(&serde_json::to_vec(&collateral).unwrap()).unwrap();
    let (url, asked) = serve(collateral);
    let quote = pki.machine("first").unwrap().quote(&[0; 64]).unwrap();

    // With and without the path of the API, as operators write it.
    for url in [url.clone(), format!("{url}/"), format!("{url}/sgx/certification/v4/")] {
        let fetched = pccs::fetch(&url, &quote).await.unwrap();
        assert_eq!(fetched, expected);
        let diagnosis = Diagnosis::of(&Examination {
            subject: Subject::Software,
            quote: Ok(quote.clone()),
            collateral: Ok(fetched),
            root: &Root::read(&pki.root_der()).unwrap(),
            at: NOW.0,
            allowed: &[],
        })
        .unwrap();
        assert!(diagnosis.can_prove, "{diagnosis}");
    }
    let fmspc = hex(&pccs::fmspc(&quote).unwrap()).to_uppercase();
    assert!(asked.lock().unwrap().contains(&format!("/tdx/certification/v4/tcb?fmspc={fmspc}")));
}

#[tokio::test]
async fn failures_of_a_service_are_told() {
    let pki = SoftwarePki::new([7; 32], NOW);
    let (url, _) = serve(pki.collateral(&CollateralSpec::new(NOW)).unwrap());
    let quote = pki.machine("first").unwrap().quote(&[0; 64]).unwrap();
    let error = pccs::fetch(&format!("{url}/elsewhere"), &quote).await.unwrap_err();
    assert!(matches!(&error, PccsError::Status { status, .. } if status.as_u16() == 404), "{error}");
    let error = pccs::fetch(&url, &quote[..100]).await.unwrap_err();
    assert!(matches!(error, PccsError::Platform), "{error}");
    let error = pccs::fetch("http://127.0.0.1:1", &quote).await.unwrap_err();
    assert!(matches!(error, PccsError::Http { .. }), "{error}");
}
