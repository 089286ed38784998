//! The compression of the columns.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::BatchError;

/// Decompresses to exactly `expected` bytes, which the caller has bounded.
///
/// The stream must be of RFC 7932, so that its window has at most 16 MiB, and end with its last byte.
pub(super) fn decompress(compressed: &[u8], expected: usize) -> Result<Vec<u8>, BatchError> {
    let mut out = vec![0; expected];
    let (mut input_left, mut input_at) = (compressed.len(), 0);
    let (mut output_left, mut output_at, mut written) = (expected, 0, 0);
    // Strict: the large windows of an extension would let a few bytes ask for a gigabyte.
    let mut state =
        BrotliState::new_strict(StandardAlloc::default(), StandardAlloc::default(), StandardAlloc::default());
    let result = BrotliDecompressStream(
        &mut input_left,
        &mut input_at,
        compressed,
        &mut output_left,
        &mut output_at,
        &mut out,
        &mut written,
        &mut state,
    );
    match result {
        BrotliResult::ResultSuccess if input_left == 0 && output_left == 0 => Ok(out),
        _ => Err(BatchError::Decompress { expected }),
    }
}

/// Compresses the columns.
#[cfg(feature = "compress")]
pub(super) fn compress(columns: &[u8]) -> Result<Vec<u8>, BatchError> {
    let params = brotli::enc::BrotliEncoderParams {
        // 10 % smaller than 9 at little more time; 11 takes three times longer for nothing.
        quality: 10,
        lgwin: 22,
        size_hint: columns.len(),
        ..Default::default()
    };
    let mut out = Vec::new();
    brotli::BrotliCompress(&mut &columns[..], &mut out, &params)
        .map_err(|err| BatchError::Compressor(err.to_string()))?;
    Ok(out)
}
