//! As much of DER (X.690) as Intel's certificates and revocation lists use, written only.

/// Object identifiers, content octets.
pub(super) mod oid {
    pub(crate) const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
    pub(crate) const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
    pub(crate) const PRIME256V1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    pub(crate) const COMMON_NAME: &[u8] = &[0x55, 4, 3];
    pub(crate) const COUNTRY: &[u8] = &[0x55, 4, 6];
    pub(crate) const LOCALITY: &[u8] = &[0x55, 4, 7];
    pub(crate) const STATE: &[u8] = &[0x55, 4, 8];
    pub(crate) const ORGANIZATION: &[u8] = &[0x55, 4, 10];
    pub(crate) const SUBJECT_KEY_ID: &[u8] = &[0x55, 0x1d, 14];
    pub(crate) const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
    pub(crate) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
    pub(crate) const CRL_NUMBER: &[u8] = &[0x55, 0x1d, 20];
    pub(crate) const CRL_REASON: &[u8] = &[0x55, 0x1d, 21];
    pub(crate) const CRL_DISTRIBUTION_POINTS: &[u8] = &[0x55, 0x1d, 31];
    pub(crate) const AUTHORITY_KEY_ID: &[u8] = &[0x55, 0x1d, 35];
    /// 1.2.840.113741.1.13.1, Intel's SGX extensions of a PCK certificate.
    pub(crate) const SGX_EXTENSIONS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01];
}

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const ENUMERATED: u8 = 0x0a;
const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;
const UTC_TIME: u8 = 0x17;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

/// One element: tag, length, content.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len().to_be_bytes();
    let significant = length.iter().skip_while(|byte| **byte == 0);
    let octets = significant.clone().count();
    // Short form below 128, else the number of length octets with the high bit set.
    if content.len() >= 128 {
        out.push(0x80 | u8::try_from(octets).unwrap_or(0));
    }
    if content.is_empty() {
        out.push(0);
    }
    out.extend(significant);
    out.extend(content);
    out
}

pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(SEQUENCE, &parts.concat())
}

pub(super) fn set(parts: &[&[u8]]) -> Vec<u8> {
    element(SET, &parts.concat())
}

/// A context-specific constructed element: `[number]`.
pub(super) fn context(number: u8, content: &[u8]) -> Vec<u8> {
    element(0xa0 | number, content)
}

/// A context-specific primitive element: `[number] IMPLICIT`.
pub(super) fn context_primitive(number: u8, content: &[u8]) -> Vec<u8> {
    element(0x80 | number, content)
}

/// A non-negative integer from its big-endian bytes.
pub(super) fn integer(big_endian: &[u8]) -> Vec<u8> {
    let mut content: Vec<u8> = big_endian.iter().copied().skip_while(|byte| *byte == 0).collect();
    if content.first().is_none_or(|byte| byte & 0x80 != 0) {
        content.insert(0, 0);
    }
    element(INTEGER, &content)
}

pub(super) fn enumerated(value: u8) -> Vec<u8> {
    element(ENUMERATED, &[value])
}

pub(super) fn boolean_true() -> Vec<u8> {
    element(BOOLEAN, &[0xff])
}

pub(super) fn object_identifier(content: &[u8]) -> Vec<u8> {
    element(OBJECT_IDENTIFIER, content)
}

pub(super) fn octet_string(content: &[u8]) -> Vec<u8> {
    element(OCTET_STRING, content)
}

/// A bit string of whole octets but for `unused` bits at the end.
pub(super) fn bit_string(unused: u8, content: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[unused], content].concat())
}

pub(super) fn utf8_string(text: &str) -> Vec<u8> {
    element(UTF8_STRING, text.as_bytes())
}

pub(super) fn printable_string(text: &str) -> Vec<u8> {
    element(PRINTABLE_STRING, text.as_bytes())
}

pub(super) fn utc_time(text: &str) -> Vec<u8> {
    element(UTC_TIME, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_integers_are_minimal() {
        assert_eq!(sequence(&[]), [0x30, 0]);
        assert_eq!(element(4, &[0; 127])[..2], [4, 127]);
        assert_eq!(element(4, &[0; 128])[..3], [4, 0x81, 128]);
        assert_eq!(element(4, &[0; 256])[..4], [4, 0x82, 1, 0]);
        assert_eq!(integer(&[0, 0]), [2, 1, 0]);
        assert_eq!(integer(&[]), [2, 1, 0]);
        assert_eq!(integer(&[0, 0x7f]), [2, 1, 0x7f]);
        assert_eq!(integer(&[0x80]), [2, 2, 0, 0x80]);
    }
}
