//! Where things stand in a TDX quote (Intel TDX DCAP Quoting Library API, appendix A.3).
//!
//! ```text
//! v4:  header 48 ‖ TD 1.0 report body 584 ‖ u32 length ‖ signature data
//! v5:  header 48 ‖ u16 body type ‖ u32 body length ‖ body ‖ u32 length ‖ signature data
//!
//! header          version u16 ‖ attestation key type u16 ‖ TEE type u32 ‖ reserved 4 ‖ QE vendor 16 ‖ user data 20
//! signature data  signature 64 ‖ attestation key 64 ‖ certification data of type 6
//! type 6          QE report 384 ‖ its signature 64 ‖ u16 length ‖ authentication data ‖ certification data of type 5
//! type 5          PEM chain: platform certificate, intermediate, root
//! certification data = u16 type ‖ u32 length ‖ content; all integers are little-endian
//! ```

/// Bytes of report data in a quote.
pub const REPORT_DATA_LENGTH: usize = 64;

/// TEE type of TDX in the header of a quote.
pub const TEE_TYPE_TDX: u32 = 0x81;

pub(crate) const HEADER_LENGTH: usize = 48;
pub(crate) const TD10_BODY_LENGTH: usize = 584;
pub(crate) const QE_REPORT_LENGTH: usize = 384;
/// Certification data that holds a QE report.
pub(crate) const QE_REPORT_CERTIFICATION: u16 = 6;
/// Certification data that holds a PEM chain.
pub(crate) const PEM_CERTIFICATION: u16 = 5;
/// Certification data that holds the platform's certificate alone, in DER.
pub(crate) const DER_CERTIFICATION: u16 = 4;
/// Both known bodies begin with the TD 1.0 report, whose last field the report data are.
const REPORT_DATA_OFFSET: usize = TD10_BODY_LENGTH - REPORT_DATA_LENGTH;

/// Why bytes are not a TDX quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuoteFormatError {
    /// A field lies beyond the end.
    #[error("a quote of {length} bytes ends before byte {needed}")]
    TooShort {
        /// Bytes that are there.
        length: usize,
        /// Bytes that are needed.
        needed: usize,
    },
    /// Only versions 4 and 5 hold TD reports.
    #[error("quote version {0}, not 4 or 5")]
    Version(u16),
    /// The quote is not about a TD.
    #[error("TEE type {0:#x}, not that of TDX")]
    TeeType(u32),
    /// Certification data of another type than the one that must stand there.
    #[error("certification data of type {got}, expected {expected}")]
    Certification {
        /// Type that must stand there.
        expected: u16,
        /// Type that does.
        got: u16,
    },
    /// The chain is not PEM.
    #[error("the certificate chain is not PEM")]
    Pem,
}

/// Length of the quote at the start of `bytes`; what follows is padding.
///
/// Some hypervisors hand out a fixed buffer (Google: 8000 bytes) whose rest is zero.
pub fn length(bytes: &[u8]) -> Result<usize, QuoteFormatError> {
    let signature_at = signature_offset(bytes)?;
    let signature_length = u32_at(bytes, signature_at)?;
    let end = end(signature_at, 4).saturating_add(usize::try_from(signature_length).unwrap_or(usize::MAX));
    slice(bytes, 0, end)?;
    Ok(end)
}

/// The report data that `quote` carries.
pub fn report_data(quote: &[u8]) -> Result<&[u8; REPORT_DATA_LENGTH], QuoteFormatError> {
    array(quote, end(body_offset(quote)?, REPORT_DATA_OFFSET))
}

/// The PEM chain that `quote` carries: platform certificate, intermediate, root.
pub fn pem_chain(quote: &[u8]) -> Result<&[u8], QuoteFormatError> {
    match platform_certification(quote)? {
        (PEM_CERTIFICATION, chain) => Ok(chain),
        (got, _) => Err(QuoteFormatError::Certification { expected: PEM_CERTIFICATION, got }),
    }
}

/// What `quote` says of its platform's certificate: type and content of the inner certification data.
pub(crate) fn platform_certification(quote: &[u8]) -> Result<(u16, &[u8]), QuoteFormatError> {
    // No signature covers the type of the outer certification data, and everybody else passes over it.
    let outer = end(signature_offset(quote)?, 4 + 64 + 64);
    let inner = authentication_end(quote, end(outer, 6 + QE_REPORT_LENGTH + 64))?;
    let kind = u16::from_le_bytes(*array(quote, inner)?);
    let length = usize::try_from(u32_at(quote, end(inner, 2))?).unwrap_or(usize::MAX);
    Ok((kind, slice(quote, end(inner, 6), length)?))
}

/// Where the authentication data end whose length stands at `offset`.
pub(crate) fn authentication_end(quote: &[u8], offset: usize) -> Result<usize, QuoteFormatError> {
    let length = usize::from(u16::from_le_bytes(*array(quote, offset)?));
    Ok(end(offset, 2).saturating_add(length))
}

/// Where the TD report begins.
fn body_offset(quote: &[u8]) -> Result<usize, QuoteFormatError> {
    let tee_type = u32_at(quote, 4)?;
    if tee_type != TEE_TYPE_TDX {
        return Err(QuoteFormatError::TeeType(tee_type));
    }
    match u16::from_le_bytes(*array(quote, 0)?) {
        4 => Ok(HEADER_LENGTH),
        5 => Ok(HEADER_LENGTH + 6),
        other => Err(QuoteFormatError::Version(other)),
    }
}

/// Where the length of the signature data stands.
pub(crate) fn signature_offset(quote: &[u8]) -> Result<usize, QuoteFormatError> {
    let body = body_offset(quote)?;
    let length = if body == HEADER_LENGTH {
        TD10_BODY_LENGTH
    } else {
        usize::try_from(u32_at(quote, HEADER_LENGTH + 2)?).unwrap_or(usize::MAX)
    };
    Ok(end(body, length))
}

fn end(offset: usize, length: usize) -> usize {
    offset.saturating_add(length)
}

fn u32_at(bytes: &[u8], offset: usize) -> Result<u32, QuoteFormatError> {
    array(bytes, offset).map(|value| u32::from_le_bytes(*value))
}

fn array<const N: usize>(bytes: &[u8], offset: usize) -> Result<&[u8; N], QuoteFormatError> {
    let short = QuoteFormatError::TooShort { length: bytes.len(), needed: end(offset, N) };
    bytes.get(offset..).and_then(<[u8]>::first_chunk).ok_or(short)
}

fn slice(bytes: &[u8], offset: usize, length: usize) -> Result<&[u8], QuoteFormatError> {
    let needed = end(offset, length);
    bytes.get(offset..needed).ok_or(QuoteFormatError::TooShort { length: bytes.len(), needed })
}
