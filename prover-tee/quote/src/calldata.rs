//! Quotes as they are sent to L1.
//!
//! No signature covers the certificate chain of a quote, nor the sizes around it. So the chain can be put in where a
//! platform left it out, and reduced to the platform's certificate alone, because L1 knows the others.

use crate::{
    certificate,
    format::{
        self, DER_CERTIFICATION, PEM_CERTIFICATION, QE_REPORT_CERTIFICATION, QE_REPORT_LENGTH,
        QuoteFormatError, authentication_end, signature_offset,
    },
};

/// `quote` with `pem` as its certificate chain, without what follows the chain.
pub fn with_chain(quote: &[u8], pem: &str) -> Result<Vec<u8>, QuoteFormatError> {
    with_certification(quote, PEM_CERTIFICATION, pem.as_bytes())
}

/// `quote` with nothing but its platform's certificate, in DER, as L1 reads it at the least cost (`IQuoteVerifier`).
pub fn compact(quote: &[u8]) -> Result<Vec<u8>, QuoteFormatError> {
    let chain = certificate::chain(quote)?;
    let platform = chain.first().ok_or(QuoteFormatError::Pem)?;
    with_certification(quote, DER_CERTIFICATION, platform)
}

fn with_certification(quote: &[u8], kind: u16, content: &[u8]) -> Result<Vec<u8>, QuoteFormatError> {
    format::length(quote)?;
    let signature_at = signature_offset(quote)?;
    let outer = signature_at.saturating_add(4 + 64 + 64);
    let report = outer.saturating_add(6);
    let end = authentication_end(quote, report.saturating_add(QE_REPORT_LENGTH + 64))?;
    let part = |from: usize, to: usize| {
        quote.get(from..to).ok_or(QuoteFormatError::TooShort { length: quote.len(), needed: to })
    };
    let inner = certification(kind, content)?;
    let outer_content = [part(report, end)?, &inner].concat();
    let signed = part(0, signature_at)?;
    let keys = part(signature_at.saturating_add(4), outer)?;
    let signature_data = [keys, &certification(QE_REPORT_CERTIFICATION, &outer_content)?].concat();
    Ok([signed, &length(&signature_data)?, &signature_data].concat())
}

fn certification(kind: u16, content: &[u8]) -> Result<Vec<u8>, QuoteFormatError> {
    Ok([&kind.to_le_bytes()[..], &length(content)?, content].concat())
}

fn length(content: &[u8]) -> Result<[u8; 4], QuoteFormatError> {
    let length = u32::try_from(content.len()).map_err(|_| QuoteFormatError::Pem)?;
    Ok(length.to_le_bytes())
}
