//! The JSON of a collateral file.
//!
//! It is what `dcap-qvl` writes (`QuoteCollateralV3`), and what others write after it: bytes as hexadecimal, base64, PEM
//! or numbers; names in snake or camel case; TCB info and QE identity as text, as objects, or still in the answer of
//! Intel's service with their signature beside them; everything inside an object `collateral`.

use dcap_qvl::QuoteCollateralV3;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{CollateralError, CollateralFile};
use crate::text;

#[derive(Deserialize)]
struct Wrapper<'a> {
    #[serde(borrow)]
    collateral: &'a RawValue,
}

/// Each part as it is written. Missing ones are empty: the judges say what they miss.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Document<'a> {
    #[serde(borrow, alias = "pckCrlIssuerChain")]
    pck_crl_issuer_chain: Option<&'a RawValue>,
    #[serde(borrow, alias = "rootCaCrl")]
    root_ca_crl: Option<&'a RawValue>,
    #[serde(borrow, alias = "pckCrl")]
    pck_crl: Option<&'a RawValue>,
    #[serde(borrow, alias = "tcbInfoIssuerChain")]
    tcb_info_issuer_chain: Option<&'a RawValue>,
    #[serde(borrow, alias = "tcbInfo")]
    tcb_info: Option<&'a RawValue>,
    #[serde(borrow, alias = "tcbInfoSignature")]
    tcb_info_signature: Option<&'a RawValue>,
    #[serde(borrow, alias = "qeIdentityIssuerChain")]
    qe_identity_issuer_chain: Option<&'a RawValue>,
    #[serde(borrow, alias = "qeIdentity")]
    qe_identity: Option<&'a RawValue>,
    #[serde(borrow, alias = "qeIdentitySignature")]
    qe_identity_signature: Option<&'a RawValue>,
    #[serde(borrow, alias = "pckCertificateChain")]
    pck_certificate_chain: Option<&'a RawValue>,
}

/// What Intel's service answers: the text that is signed, and its signature.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, alias = "tcbInfo", alias = "enclaveIdentity")]
    signed: &'a RawValue,
    #[serde(borrow)]
    signature: Option<&'a RawValue>,
}

pub(super) fn parse(content: &[u8]) -> Result<CollateralFile, CollateralError> {
    let json = std::str::from_utf8(content).map_err(|_| CollateralError::Encoding)?;
    let inner = serde_json::from_str::<Wrapper<'_>>(json).map_or(json, |wrapper| wrapper.collateral.get());
    let document: Document<'_> = serde_json::from_str(inner)?;
    let (tcb_info, tcb_info_signature) = signed("tcb_info", document.tcb_info, document.tcb_info_signature)?;
    let (qe_identity, qe_identity_signature) =
        signed("qe_identity", document.qe_identity, document.qe_identity_signature)?;
    let platform_chain = chain("pck_certificate_chain", document.pck_certificate_chain)?;
    Ok(CollateralFile {
        collateral: QuoteCollateralV3 {
            pck_crl_issuer_chain: chain("pck_crl_issuer_chain", document.pck_crl_issuer_chain)?,
            root_ca_crl: bytes("root_ca_crl", document.root_ca_crl)?,
            pck_crl: bytes("pck_crl", document.pck_crl)?,
            tcb_info_issuer_chain: chain("tcb_info_issuer_chain", document.tcb_info_issuer_chain)?,
            tcb_info,
            tcb_info_signature,
            qe_identity_issuer_chain: chain("qe_identity_issuer_chain", document.qe_identity_issuer_chain)?,
            qe_identity,
            qe_identity_signature,
            pck_certificate_chain: None,
        },
        platform_chain: (!platform_chain.trim().is_empty()).then_some(platform_chain),
    })
}

/// PEM: one text, or one for each certificate.
fn chain(field: &'static str, value: Option<&RawValue>) -> Result<String, CollateralError> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Chain {
        Text(String),
        Texts(Vec<String>),
    }
    let chain = read::<Chain>(field, value)?;
    Ok(text::url_decoded(&match chain {
        None => String::new(),
        Some(Chain::Text(pem)) => pem,
        Some(Chain::Texts(pem)) => pem.join("\n"),
    }))
}

fn bytes(field: &'static str, value: Option<&RawValue>) -> Result<Vec<u8>, CollateralError> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Bytes {
        Text(String),
        Numbers(Vec<u8>),
    }
    let written = match read::<Bytes>(field, value)? {
        None => return Ok(Vec::new()),
        Some(Bytes::Text(written)) if written.trim().is_empty() => return Ok(Vec::new()),
        Some(Bytes::Text(written)) => text::bytes(&written),
        Some(Bytes::Numbers(numbers)) => Some(numbers),
    };
    let bytes = written.ok_or(CollateralError::Bytes { field })?;
    // Intel's PCCS answers with hexadecimal text, which some keep as the bytes of that text.
    let is_text = !bytes.is_empty() && bytes.is_ascii();
    let again = std::str::from_utf8(&bytes).ok().filter(|_| is_text).and_then(text::bytes);
    Ok(again.unwrap_or(bytes))
}

/// The text that Intel signed, byte for byte, and its signature.
fn signed(
    field: &'static str,
    value: Option<&RawValue>,
    signature: Option<&RawValue>,
) -> Result<(String, Vec<u8>), CollateralError> {
    let value = value.ok_or(CollateralError::Missing { field })?;
    let text = match serde_json::from_str::<String>(value.get()) {
        Ok(text) => text,
        // Intel signs JSON without white space; files that hold it as an object may have been indented.
        Err(_) => without_space(value.get()),
    };
    let given = bytes(field, signature)?;
    Ok(match serde_json::from_str::<Answer<'_>>(&text) {
        Ok(answer) if given.is_empty() => (answer.signed.get().to_owned(), bytes(field, answer.signature)?),
        Ok(answer) => (answer.signed.get().to_owned(), given),
        Err(_) => (text, given),
    })
}

/// `json` without white space outside of its strings.
fn without_space(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    json.chars()
        .filter(|character| {
            let is_quote = *character == '"' && !escaped;
            escaped = in_string && *character == '\\' && !escaped;
            in_string ^= is_quote;
            in_string || !character.is_ascii_whitespace()
        })
        .collect()
}

fn read<'a, T: Deserialize<'a>>(
    field: &'static str,
    value: Option<&'a RawValue>,
) -> Result<Option<T>, CollateralError> {
    let Some(value) = value else { return Ok(None) };
    serde_json::from_str(value.get()).map_err(|_| CollateralError::Bytes { field })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const TCB_INFO: &str = r#"{"id":"TDX","a b":"\" c"}"#;

    fn usual() -> Value {
        json!({
            "pck_crl_issuer_chain": "-----BEGIN CERTIFICATE-----",
            "root_ca_crl": "3001ff",
            "pck_crl": "3002ff",
            "tcb_info_issuer_chain": "tcb",
            "tcb_info": TCB_INFO,
            "tcb_info_signature": "aa".repeat(64),
            "qe_identity_issuer_chain": "qe",
            "qe_identity": r#"{"id":"TD_QE"}"#,
            "qe_identity_signature": "bb".repeat(64),
        })
    }

    fn file(value: &Value) -> CollateralFile {
        parse(value.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn it_is_what_dcap_qvl_reads() {
        let expected: QuoteCollateralV3 = serde_json::from_value(usual()).unwrap();
        assert_eq!(file(&usual()), CollateralFile { collateral: expected, platform_chain: None });
    }

    #[test]
    fn other_forms_say_the_same() {
        let expected = file(&usual());
        let with = |field: &str, value: Value| {
            let mut other = usual();
            other[field] = value;
            other
        };
        let mut wrapped = usual();
        wrapped["tcb_info"] = json!(format!(r#"{{"tcbInfo":{TCB_INFO},"signature":"{}"}}"#, "aa".repeat(64)));
        wrapped["tcb_info_signature"] = Value::Null;
        let camel: serde_json::Map<String, Value> = usual()
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| {
                let mut words = name.split('_');
                let first = words.next().unwrap().to_owned();
                (words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..]), value.clone())
            })
            .collect();
        for other in [
            with("root_ca_crl", json!("0x3001FF")),
            with("root_ca_crl", json!("MAH/")),
            with("root_ca_crl", json!([0x30, 1, 255])),
            with("root_ca_crl", json!(hex::encode("3001ff"))),
            with("root_ca_crl", json!("-----BEGIN X509 CRL-----\nMAH/\n-----END X509 CRL-----")),
            with("pck_crl_issuer_chain", json!(["-----BEGIN CERTIFICATE-----"])),
            with("pck_crl_issuer_chain", json!("-----BEGIN%20CERTIFICATE-----")),
            with("pck_certificate_chain", Value::Null),
            with("pck_certificate_chain", json!("")),
            wrapped,
            json!({ "collateral": usual(), "quote": "00" }),
            Value::Object(camel),
        ] {
            assert_eq!(file(&other), expected, "{other}");
        }
        // As an object, indented.
        let indented = serde_json::to_string_pretty(&usual()).unwrap();
        let object = indented.replace(
            &serde_json::to_string(TCB_INFO).unwrap(),
            "{\n  \"id\" : \"TDX\",\n  \"a b\": \"\\\" c\"\n}",
        );
        assert_ne!(object, indented);
        assert_eq!(parse(object.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (field, value) in
            [("root_ca_crl", json!("zz!")), ("pck_crl", json!({})), ("tcb_info_issuer_chain", json!(1))]
        {
            let mut other = usual();
            other[field] = value;
            let error = parse(other.to_string().as_bytes()).unwrap_err();
            assert!(matches!(error, CollateralError::Bytes { field: named } if named == field), "{error}");
        }
        let mut without = usual();
        without.as_object_mut().unwrap().remove("qe_identity");
        let error = parse(without.to_string().as_bytes()).unwrap_err();
        assert!(matches!(error, CollateralError::Missing { field: "qe_identity" }), "{error}");
        assert!(matches!(parse(b"{").unwrap_err(), CollateralError::Json(_)));
        assert!(matches!(parse(&[0xff]).unwrap_err(), CollateralError::Encoding));
    }
}
