//! Quotes damaged after they were made: changed bytes, wrong sizes, cut short, padded.

use prover_quote::{format, software::QuoteVersion};

use crate::{
    random::Random,
    world::{Case, Expected, World},
};

pub(crate) fn cases(world: &World) -> Vec<Case> {
    let mut random = Random::new(2);
    let mut cases = Vec::new();
    for version in QuoteVersion::ALL {
        let quote = world.quote(version);
        changed(world, version, &quote, &mut random, &mut cases);
        cut(world, version, &quote, &mut cases);
        padded(world, version, &quote, &mut random, &mut cases);
        sizes(world, version, &quote, &mut random, &mut cases);
    }
    cases
}

/// Where the chain begins.
fn chain_at(quote: &[u8]) -> usize {
    let chain = format::pem_chain(quote).unwrap();
    quote.len() - chain.len()
}

/// Where the size of the signature data stands: all before is signed.
fn signed_length(version: QuoteVersion) -> usize {
    match version {
        QuoteVersion::V4 => 48 + 584,
        QuoteVersion::V5Td10 => 54 + 584,
        QuoteVersion::V5 => 54 + 648,
        QuoteVersion::V5Td15Ex => 54 + 885,
    }
}

/// One bit of each byte turned; of the chain's, of some bytes.
fn changed(world: &World, version: QuoteVersion, quote: &[u8], random: &mut Random, cases: &mut Vec<Case>) {
    let (chain, signed) = (chain_at(quote), signed_length(version));
    for at in 0..quote.len() {
        if at >= chain && (at - chain) % 7 != 0 {
            continue;
        }
        let mut damaged = quote.to_vec();
        damaged[at] ^= 1 << random.below(8);
        // Signatures, and what they are over: key, report, authentication data and the certificate are bound by them.
        let expected = if at < signed || (signed + 4..signed + 132).contains(&at) {
            Expected::Refused
        } else {
            Expected::Same
        };
        cases.push(world.case(format!("byte {at} changed, {version:?}"), damaged, expected));
    }
}

fn cut(world: &World, version: QuoteVersion, quote: &[u8], cases: &mut Vec<Case>) {
    for end in (0..quote.len()).step_by(13) {
        cases.push(world.case(
            format!("cut to {end} bytes, {version:?}"),
            quote[..end].to_vec(),
            Expected::Refused,
        ));
    }
}

/// Bytes after the quote, after its signature data and after the quoting enclave's part.
fn padded(world: &World, version: QuoteVersion, quote: &[u8], random: &mut Random, cases: &mut Vec<Case>) {
    let size_at = signed_length(version);
    for count in [1, 2, 31, 32, 33, 1000, 3000] {
        for zero in [true, false] {
            let padding: Vec<u8> = (0..count).map(|_| if zero { 0 } else { random.byte() }).collect();
            let after = [quote, &padding].concat();
            cases.push(world.case(
                format!("{count} bytes after it, {version:?}"),
                after.clone(),
                Expected::Accepted,
            ));
            let mut inside = after;
            grow(&mut inside, size_at, count);
            cases.push(world.case(
                format!("{count} bytes inside it, {version:?}"),
                inside.clone(),
                Expected::Accepted,
            ));
            grow(&mut inside, size_at + 4 + 128 + 2, count);
            cases.push(world.case(
                format!("{count} bytes in type 6, {version:?}"),
                inside.clone(),
                Expected::Accepted,
            ));
            grow(&mut inside, chain_at(quote) - 4, count);
            cases.push(world.case(
                format!("{count} bytes in the chain, {version:?}"),
                inside,
                Expected::Same,
            ));
        }
    }
}

/// Adds `count` to the size at `at`.
fn grow(quote: &mut [u8], at: usize, count: usize) {
    let size = u32::from_le_bytes(quote[at..at + 4].try_into().unwrap());
    quote[at..at + 4].copy_from_slice(&(size + count as u32).to_le_bytes());
}

/// Each size and type replaced by others.
fn sizes(world: &World, version: QuoteVersion, quote: &[u8], random: &mut Random, cases: &mut Vec<Case>) {
    let signed = signed_length(version);
    let authentication = signed + 4 + 128 + 6 + 384 + 64;
    let inner = authentication + 2 + 32;
    let mut fields = vec![
        ("signature data", signed, 4),
        ("outer type", signed + 132, 2),
        ("outer size", signed + 134, 4),
        ("authentication data", authentication, 2),
        ("inner type", inner, 2),
        ("inner size", inner + 2, 4),
        ("version", 0, 2),
        ("key type", 2, 2),
        ("TEE type", 4, 4),
    ];
    if version != QuoteVersion::V4 {
        fields.extend([("body type", 48, 2), ("body size", 50, 4)]);
    }
    let machine = world.machine(version);
    for (name, at, length) in fields {
        let mut original = [0; 4];
        original[..length].copy_from_slice(&quote[at..at + length]);
        let original = u32::from_le_bytes(original);
        let near = (0..12).map(|difference| original.wrapping_add(difference).wrapping_sub(6));
        let far =
            [0, 1, 2, 3, 4, 5, 6, 7, 0x81, 32, 384, 584, 648, 885, 0xffff, 0x7fff_ffff, u32::MAX, 1 << 20];
        let random: Vec<u32> = (0..8).map(|_| random.next() as u32).collect();
        for value in near.chain(far).chain(random) {
            let mut changed = quote.to_vec();
            changed[at..at + length].copy_from_slice(&value.to_le_bytes()[..length]);
            // What is signed is signed again, so that the size alone is wrong.
            if at < signed {
                let _ = machine.resign(&mut changed);
            }
            cases.push(world.case(format!("{name} {value:#x}, {version:?}"), changed, Expected::Same));
        }
    }
}
