//! Bytes that files hold as text: hexadecimal, base64, PEM, and PEM as HTTP headers carry it.

use base64ct::{Base64Unpadded, Encoding};

const PEM_BEGIN: &str = "-----BEGIN ";
const PEM_DASHES: &str = "-----";
const PEM_END: &str = "-----END ";

/// The bytes that `text` stands for: the first block of PEM, else hexadecimal with or without `0x`, else base64, padded
/// or not, of either alphabet. White space does not matter. `None` if it is none of these.
pub(crate) fn bytes(text: &str) -> Option<Vec<u8>> {
    if text.contains(PEM_BEGIN) {
        return pem_blocks(text).into_iter().next();
    }
    let compact: String = text.chars().filter(|character| !character.is_ascii_whitespace()).collect();
    let digits = compact.strip_prefix("0x").unwrap_or(&compact);
    hex::decode(digits).ok().or_else(|| base64(&compact))
}

/// The content of every block of PEM in `pem`, whatever the blocks are called and however long their lines are. Blocks
/// that are not base64 are passed over: what they should have held is then missing, and L1 says so.
pub(crate) fn pem_blocks(pem: &str) -> Vec<Vec<u8>> {
    pem.split(PEM_BEGIN)
        .skip(1)
        .filter_map(|block| {
            let (_, content) = block.split_once(PEM_DASHES)?;
            let (content, _) = content.split_once(PEM_END)?;
            base64(content)
        })
        .collect()
}

/// `pem` as it was before a server wrote it into an HTTP header (Intel's PCS API: URL-encoded).
pub(crate) fn url_decoded(pem: &str) -> String {
    if !pem.contains("%20") && !pem.contains("%0A") {
        return pem.to_owned();
    }
    let mut parts = pem.split('%');
    let mut decoded = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                decoded.extend(part.bytes().skip(2));
            }
            None => decoded.extend(format!("%{part}").bytes()),
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let standard: String = text
        .chars()
        .filter(|character| !character.is_ascii_whitespace() && *character != '=')
        .map(|character| match character {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    Base64Unpadded::decode_vec(&standard).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_gives_the_same_bytes() {
        let expected = [0x30, 0x82, 0xff, 0xfe];
        for text in [
            "3082fffe",
            "0x3082FFFE",
            " 3082\n fffe ",
            "MIL//g==",
            "MIL__g",
            "-----BEGIN X509 CRL-----\nMIL/\n/g==\n-----END X509 CRL-----\n",
        ] {
            assert_eq!(bytes(text).as_deref(), Some(&expected[..]), "{text}");
        }
        assert_eq!(bytes("no bytes!"), None);
        assert_eq!(bytes("-----BEGIN X509 CRL-----\nMIL/"), None);
    }

    #[test]
    fn blocks_are_taken_in_their_order() {
        let pem = "-----BEGIN A-----\nAAAA\n-----END A-----\ntext\n-----BEGIN B-----AQEB-----END B-----";
        assert_eq!(pem_blocks(pem), [vec![0; 3], vec![1; 3]]);
        assert_eq!(url_decoded("-----BEGIN%20A-----%0AAA%2BA%0A100%"), "-----BEGIN A-----\nAA+A\n100%");
        assert_eq!(url_decoded("AA+A"), "AA+A");
    }
}
