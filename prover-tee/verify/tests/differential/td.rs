//! Guests of every kind, honestly quoted; and every field of a quote changed and signed again.

use prover_quote::{Quoter, software::QuoteVersion};

use crate::{
    random::Random,
    world::{Case, Expected, World},
};

/// Where the TD report begins.
fn body(version: QuoteVersion) -> usize {
    if version == QuoteVersion::V4 { 48 } else { 54 }
}

pub(crate) fn cases(world: &World) -> Vec<Case> {
    let mut random = Random::new(1);
    let mut cases = Vec::new();
    for version in QuoteVersion::ALL {
        for number in 0..60 {
            cases.push(guest(world, version, number, &mut random));
        }
        attributes(world, version, &mut cases);
        fields(world, version, &mut random, &mut cases);
    }
    cases
}

/// A guest with random measurements, as good as any other.
fn guest(world: &World, version: QuoteVersion, number: usize, random: &mut Random) -> Case {
    let mut machine = world.machine(version);
    let td = &mut machine.td;
    td.mr_seam = random.bytes();
    td.mr_td = random.bytes();
    td.mr_config_id = random.bytes();
    td.mr_owner = random.bytes();
    td.mr_owner_config = random.bytes();
    (td.rtmr0, td.rtmr1, td.rtmr2, td.rtmr3) =
        (random.bytes(), random.bytes(), random.bytes(), random.bytes());
    td.xfam = random.bytes();
    let quote = machine.quote(&random.bytes()).unwrap();
    world.case(format!("guest {number}, {version:?}"), quote, Expected::Accepted)
}

/// Every bit of the attributes, with what a guest must have and without.
fn attributes(world: &World, version: QuoteVersion, cases: &mut Vec<Case>) {
    for bit in 0..64u32 {
        for must_have in [1u64 << 28, 0] {
            let mut machine = world.machine(version);
            machine.td.td_attributes = (must_have ^ (1 << bit)).to_le_bytes();
            let name = format!("attributes {must_have:#x} with bit {bit} turned, {version:?}");
            cases.push(world.case(name, machine.quote(&[1; 64]).unwrap(), Expected::Same));
        }
    }
}

/// Every byte of header, body and quoting enclave's report changed, and everything signed again.
fn fields(world: &World, version: QuoteVersion, random: &mut Random, cases: &mut Vec<Case>) {
    let quote = world.quote(version);
    let signed = body(version)
        + match version {
            QuoteVersion::V4 | QuoteVersion::V5Td10 => 584,
            QuoteVersion::V5 => 648,
            QuoteVersion::V5Td15Ex => 885,
        };
    let report = signed + 4 + 64 + 64 + 6;
    let machine = world.machine(version);
    for at in (0..signed).chain(report..report + 384) {
        // The length of a v5 body moves everything after it: that is for the tests of bytes.
        if version != QuoteVersion::V4 && (48..54).contains(&at) {
            continue;
        }
        // Measurements are free to be anything; one byte in four is enough of them.
        let free = at >= body(version) + 136 && at < body(version) + 584;
        if free && at % 4 != 0 {
            continue;
        }
        let mut changed = quote.clone();
        changed[at] ^= 1 << random.below(8);
        machine.resign(&mut changed).ok();
        cases.push(world.case(
            format!("byte {at} changed and signed again, {version:?}"),
            changed,
            Expected::Same,
        ));
    }
}
