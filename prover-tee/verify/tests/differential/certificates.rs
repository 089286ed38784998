//! Certificates mixed up, out of time, of other making, and revoked.

use std::sync::Arc;

use prover_quote::{
    Quoter, calldata, certificate, format,
    software::{
        CertificateSpec, Clock, CollateralSpec, CrlSpec, Hardware, Issuer, QuoteVersion, SoftwarePki, Usage,
    },
};

use crate::{
    random::Random,
    world::{Case, Expected, NOW, World, file},
};

pub(crate) fn cases(world: &World) -> Vec<Case> {
    let mut random = Random::new(3);
    let mut cases = Vec::new();
    for version in QuoteVersion::ALL {
        chains(world, version, &mut random, &mut cases);
        texts(world, version, &mut cases);
    }
    machines(world, &mut cases);
    revocations(world, &mut random, &mut cases);
    cases
}

fn pem(certificates: &[&[u8]]) -> String {
    use base64_lines as lines;
    certificates.iter().map(|der| lines(der, "\n")).collect()
}

/// PEM with lines of 64 characters, ended by `end`.
fn base64_lines(der: &[u8], end: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in der.chunks(3) {
        let word =
            group.iter().chain(&[0, 0]).take(3).fold(0usize, |word, byte| word << 8 | usize::from(*byte));
        for index in 0..4 {
            let filled = index <= group.len();
            text.push(if filled { char::from(ALPHABET[word >> (18 - 6 * index) & 63]) } else { '=' });
        }
    }
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----{end}{}{end}-----END CERTIFICATE-----{end}", lines.join(end))
}

/// Chains in other orders, with certificates left out, twice, or of others.
fn chains(world: &World, version: QuoteVersion, random: &mut Random, cases: &mut Vec<Case>) {
    let quote = world.quote(version);
    let own = certificate::chain(&quote).unwrap();
    let second = world.pki.machine("second").unwrap().quote(&[0; 64]).unwrap();
    let foreign_pki = SoftwarePki::new([8; 32], NOW);
    let foreign =
        certificate::chain(&foreign_pki.machine("first").unwrap().quote(&[0; 64]).unwrap()).unwrap();
    let pool: Vec<Vec<u8>> = [
        own.clone(),
        certificate::chain(&second).unwrap()[..1].to_vec(),
        foreign,
        vec![world.pki.processor_ca_der(), world.pki.tcb_signing_der()],
    ]
    .concat();
    for number in 0..150 {
        let count = 1 + random.below(5);
        let mut chain: Vec<&[u8]> = (0..count).map(|_| random.pick(&pool).as_slice()).collect();
        // Half of them begin as they should.
        if number % 2 == 0 {
            chain[0] = &own[0];
        }
        // The platform's certificate alone is the contracts' own form, which `dcap-qvl` does not have.
        if !chain.contains(&own[1].as_slice()) && chain[0] == own[0] && chain.len() == 1 {
            continue;
        }
        let quote = calldata::with_chain(&quote, &pem(&chain)).unwrap();
        cases.push(world.case(format!("chain {number} of {count}, {version:?}"), quote, Expected::Same));
    }
    for count in 0..8 {
        let mut chain: Vec<&[u8]> = vec![&own[0]];
        chain.extend(std::iter::repeat_n(own[1].as_slice(), count));
        if count != 0 {
            let quote = calldata::with_chain(&quote, &pem(&chain)).unwrap();
            cases.push(world.case(format!("{count} issuers, {version:?}"), quote, Expected::Same));
        }
    }
}

/// The same chain written otherwise.
fn texts(world: &World, version: QuoteVersion, cases: &mut Vec<Case>) {
    let quote = world.quote(version);
    let chain = certificate::chain(&quote).unwrap();
    let usual = String::from_utf8(format::pem_chain(&quote).unwrap().to_vec()).unwrap();
    let usual = usual.trim_end_matches('\0');
    let crlf: String = chain.iter().map(|der| base64_lines(der, "\r\n")).collect();
    let one_line = usual
        .replace('\n', "")
        .replace("CERTIFICATE-----", "CERTIFICATE-----\n")
        .replace("-----END", "\n-----END");
    for (name, text) in [
        ("as usual", usual.to_owned()),
        ("CRLF", crlf),
        ("without its last line feed", usual.trim_end().to_owned()),
        ("with two zeros", format!("{usual}\0\0")),
        ("on one line each", one_line),
        ("text before", format!("subject=/CN=Intel\n{usual}")),
        (
            "empty lines between",
            usual.replace("-----END CERTIFICATE-----\n", "-----END CERTIFICATE-----\n\n"),
        ),
        ("spaces in a line", usual.replacen('M', " M", 1)),
        ("another label", usual.replace("CERTIFICATE", "X509 CRL")),
        ("no dashes", usual.replace("-----", "----")),
        ("no end", usual.replacen("-----END CERTIFICATE-----", "", 1)),
        ("wrong padding", usual.replacen('=', "A", 1)),
        ("lower case", usual.to_lowercase()),
        ("empty", String::new()),
    ] {
        let quote = calldata::with_chain(&quote, &text).unwrap();
        cases.push(world.case(format!("chain {name}, {version:?}"), quote, Expected::Same));
    }
}

/// Machines whose certificate is of another making.
fn machines(world: &World, cases: &mut Vec<Case>) {
    let usual = world.pki.machine_spec("first", Hardware::default());
    let at = |before: Clock, after: Clock| CertificateSpec {
        not_before: before,
        not_after: after,
        ..usual.clone()
    };
    let specs = [
        ("usual", usual.clone()),
        ("expired", at(NOW.minus(999_999), NOW.minus(1))),
        ("in its last second", at(NOW.minus(999_999), NOW)),
        ("in its first second", at(NOW, NOW.plus(99))),
        ("not valid yet", at(NOW.plus(1), NOW.plus(99))),
        ("without SGX extensions", CertificateSpec { usage: Usage::Signer, ..usual.clone() }),
        ("an authority", CertificateSpec { usage: Usage::Authority { path_length: 0 }, ..usual.clone() }),
        ("by the root", CertificateSpec { issuer: Issuer::Root, ..usual.clone() }),
        ("by the processor authority", CertificateSpec { issuer: Issuer::ProcessorCa, ..usual.clone() }),
        ("named otherwise", CertificateSpec { subject: "Another".to_owned(), ..usual.clone() }),
        ("for the attestation key", CertificateSpec { key: "attestation key of first".to_owned(), ..usual }),
    ];
    for (name, spec) in specs {
        let mut machine = world.pki.machine_by("first", &spec).unwrap();
        for version in QuoteVersion::ALL {
            machine.version = version;
            let quote = machine.quote(&[1; 64]).unwrap();
            // The root's own certificate is no authority to the contracts: they pin its key.
            let expected = if spec.issuer == Issuer::Root { Expected::MayBeStricter } else { Expected::Same };
            cases.push(world.case(format!("certificate {name}, {version:?}"), quote, expected));
            if spec.issuer == Issuer::ProcessorCa {
                processor_list(world, machine.quote(&[1; 64]).unwrap(), version, cases);
            }
        }
    }
}

/// With the revocation list of its own issuer, a processor's certificate is as good as a platform's.
fn processor_list(world: &World, quote: Vec<u8>, version: QuoteVersion, cases: &mut Vec<Case>) {
    let mut collateral = world.pki.collateral(&world.spec).unwrap();
    collateral.pck_crl = world.pki.revoke(&CrlSpec {
        issuer: Issuer::ProcessorCa,
        number: 1,
        issued: world.spec.issued,
        next_update: world.spec.next_update,
        revoked: Vec::new(),
    });
    let case = world.case(format!("processor's certificate, {version:?}"), quote, Expected::Accepted);
    cases.push(Case { collateral: file(&collateral), ..case });
}

/// Revocation lists that name the machine, its authority, the signer, or others.
fn revocations(world: &World, random: &mut Random, cases: &mut Vec<Case>) {
    let machine = world.machine(QuoteVersion::V4);
    let own = machine.pck_serial();
    for number in 0..40 {
        let count = random.below(60);
        let mut revoked: Vec<[u8; 20]> = (0..count).map(|_| random.bytes()).collect();
        // Serial numbers are positive, and written without leading zeros.
        revoked.iter_mut().for_each(|serial| serial[0] |= 1);
        let holds = number % 2 == 0;
        if holds {
            revoked.insert(random.below(count + 1), own);
        }
        let spec = CollateralSpec { revoked, ..world.spec.clone() };
        let collateral = file(&world.pki.collateral(&spec).unwrap());
        let expected = if holds { Expected::Refused } else { Expected::Accepted };
        for version in QuoteVersion::ALL {
            let case =
                world.case(format!("list {number} of {count}, {version:?}"), world.quote(version), expected);
            cases.push(Case { collateral: Arc::clone(&collateral), ..case });
        }
    }
    for (name, serial, expected) in [
        ("authority", world.pki.serial("platform authority"), Expected::Refused),
        ("signer", world.pki.serial(SoftwarePki::TCB_SIGNING_KEY), Expected::Refused),
        // The contracts pin the root's key and do not know its certificate. If Intel gives its root up, the timelock
        // replaces them.
        ("root", world.pki.serial("root"), Expected::DcapQvlRefuses),
    ] {
        let mut collateral = world.pki.collateral(&world.spec).unwrap();
        collateral.root_ca_crl = world.pki.root_crl(2, world.spec.issued, world.spec.next_update, &[serial]);
        for version in QuoteVersion::ALL {
            let case = world.case(format!("root revokes the {name}"), world.quote(version), expected);
            cases.push(Case { collateral: file(&collateral), ..case });
        }
    }
}
