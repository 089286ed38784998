//! Authority, machines and judges.

use std::{collections::HashMap, sync::Arc};

use alloy_primitives::B256;
use contracts_bindings::IQuoteVerifier::TcbStatus;
use prover_quote::{
    Quoter, calldata, certificate,
    software::{Clock, Collateral, CollateralSpec, QuoteVersion, SoftwarePki, SoftwarePlatform},
};
use prover_verify::{
    collateral::CollateralFile, contracts::Contracts, fields::Fields, reference::Reference, refusal::Refusal,
    root::Root,
};

/// When everything is judged that does not say otherwise.
pub(crate) const NOW: Clock = Clock(1_795_226_400);

/// A quote to be judged.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) quote: Vec<u8>,
    pub(crate) collateral: Arc<CollateralFile>,
    pub(crate) at: u64,
    pub(crate) expected: Expected,
}

/// What is known beforehand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// Both must say the same, whatever it is.
    Same,
    /// Both must accept.
    Accepted,
    /// Both must refuse.
    Refused,
    /// The contracts may refuse what `dcap-qvl` accepts, never the other way round.
    MayBeStricter,
    /// Known: the contracts accept, and `dcap-qvl` alone refuses.
    DcapQvlRefuses,
}

pub(crate) struct World {
    pub(crate) pki: SoftwarePki,
    pub(crate) root: Root,
    pub(crate) spec: CollateralSpec,
    pub(crate) collateral: Arc<CollateralFile>,
    deployed: Contracts,
}

impl World {
    pub(crate) fn new() -> Self {
        let pki = SoftwarePki::new([7; 32], NOW);
        let root = Root::read(&pki.root_der()).unwrap();
        // Issued a while ago, so that there is a time before.
        let spec = CollateralSpec::new(NOW.minus(3600));
        let collateral = file(&pki.collateral(&spec).unwrap());
        let deployed = Contracts::deploy(&root, NOW.0, B256::ZERO).unwrap();
        Self { pki, root, spec, collateral, deployed }
    }

    pub(crate) fn machine(&self, version: QuoteVersion) -> SoftwarePlatform {
        let mut machine = self.pki.machine("first").unwrap();
        machine.version = version;
        machine
    }

    /// A quote of the first machine.
    pub(crate) fn quote(&self, version: QuoteVersion) -> Vec<u8> {
        self.machine(version).quote(&[0x5a; 64]).unwrap()
    }

    pub(crate) fn case(&self, name: impl Into<String>, quote: Vec<u8>, expected: Expected) -> Case {
        Case { name: name.into(), quote, collateral: Arc::clone(&self.collateral), at: NOW.0, expected }
    }

    pub(crate) fn judge(&self) -> Judge<'_> {
        Judge { world: self, stores: HashMap::new() }
    }
}

/// Collateral as a file has it.
pub(crate) fn file(collateral: &Collateral) -> Arc<CollateralFile> {
    Arc::new(CollateralFile::parse(&serde_json::to_vec(collateral).unwrap()).unwrap())
}

/// What everybody says of a quote.
pub(crate) struct Agreed {
    /// None if it is refused as forged, malformed or not covered.
    pub(crate) status: Option<TcbStatus>,
    /// Whether `tdx-quote` was asked too.
    pub(crate) by_tdx_quote: bool,
}

/// One thread's contracts, by collateral, time and authorities.
pub(crate) struct Judge<'a> {
    world: &'a World,
    stores: HashMap<(*const CollateralFile, u64, Vec<Vec<u8>>), Contracts>,
}

impl Judge<'_> {
    /// Has everybody judge. Returns what they agree on, or how they differ.
    pub(crate) fn agree(&mut self, case: &Case) -> Result<Agreed, String> {
        let Case { name, quote, collateral, at, expected } = case;
        let chain = certificate::chain(quote).unwrap_or_default();
        let fields = Fields::read(quote, None).ok();
        let reference =
            Reference::judge(&self.world.root, quote, fields.as_ref(), &collateral.collateral, *at);
        let contracts = self.contracts(collateral, *at, &chain);
        let ours = judge(contracts, quote);
        compare(*expected, &reference, &ours).map_err(|difference| format!("{name}: {difference}"))?;
        let Ok(status) = ours else { return Ok(Agreed { status: None, by_tdx_quote: false }) };

        // Chains that are written oddly are not compacted: the prover host takes quotes as platforms make them.
        if let Ok(compact) = calldata::compact(quote) {
            let compact = judge(contracts, &compact);
            if compact.as_ref() != Ok(&status) {
                return Err(format!("{name}: {status:?}, but the compact quote is {compact:?}"));
            }
        }
        let by_tdx_quote =
            third_parser(quote, &chain).map_err(|difference| format!("{name}: tdx-quote: {difference}"))?;
        Ok(Agreed { status: Some(status), by_tdx_quote })
    }

    fn contracts(&mut self, collateral: &Arc<CollateralFile>, at: u64, chain: &[Vec<u8>]) -> &mut Contracts {
        let authorities: Vec<Vec<u8>> = chain.iter().skip(1).cloned().collect();
        let key = (Arc::as_ptr(collateral), at, authorities);
        // What is not asked for again is not kept: there are thousands of stores.
        if self.stores.len() > 16 && !self.stores.contains_key(&key) {
            self.stores.clear();
        }
        let world = self.world;
        self.stores.entry(key).or_insert_with(|| {
            let mut contracts = world.deployed.at(at);
            contracts.upload(collateral.uploads(chain, world.root.key())).unwrap();
            contracts
        })
    }
}

fn judge(contracts: &mut Contracts, quote: &[u8]) -> Result<TcbStatus, Refusal> {
    contracts.verify(quote).unwrap().outcome.map(|report| report.status)
}

fn compare(
    expected: Expected,
    reference: &Reference,
    ours: &Result<TcbStatus, Refusal>,
) -> Result<(), String> {
    let status = ours.as_ref().ok().map(|status| format!("{status:?}"));
    let same = match expected {
        Expected::MayBeStricter if status.is_none() => true,
        Expected::DcapQvlRefuses => reference.refusal.is_some(),
        _ => reference.agrees_with(status.as_deref()),
    };
    let as_expected = match expected {
        Expected::Accepted | Expected::DcapQvlRefuses => *ours == Ok(TcbStatus::UpToDate),
        Expected::Refused => *ours != Ok(TcbStatus::UpToDate),
        Expected::Same | Expected::MayBeStricter => true,
    };
    if same && as_expected {
        return Ok(());
    }
    let ours = match ours {
        Ok(status) => format!("{status:?}"),
        Err(refusal) => refusal.to_string(),
    };
    let what = if same { "not as expected" } else { "they differ" };
    Err(format!("{what}: dcap-qvl says {reference}; the contracts say {ours}"))
}

/// `tdx-quote` reads quotes of version 4, and checks the two signatures that need no collateral. Returns whether it is one
/// that it reads.
fn third_parser(quote: &[u8], chain: &[Vec<u8>]) -> Result<bool, String> {
    // Nobody signs the type of the outer certification data, and the others ignore it.
    let outer_type = &quote[48 + 584 + 4 + 128..][..2];
    let (4, [6, 0], Some(platform)) = (quote[0], outer_type, chain.first()) else {
        return Ok(false);
    };
    let parsed = tdx_quote::Quote::from_bytes(quote).map_err(|error| format!("{error:?}"))?;
    let key = certificate::p256_key(platform).ok_or("no key")?;
    let compressed: Vec<u8> = [&[2 | (key[63] & 1)], &key[..32]].concat();
    let key = tdx_quote::decode_verifying_key(&compressed.try_into().unwrap())
        .map_err(|error| format!("{error:?}"))?;
    parsed.verify_with_pck(&key).map_err(|error| format!("{error:?}"))?;

    let ours = Fields::read(quote, None).map_err(|error| error.to_string())?.td;
    let theirs = &parsed.body;
    let registers = [
        (&ours.mr_seam, &theirs.mrseam),
        (&ours.mr_signer_seam, &theirs.mrsignerseam),
        (&ours.mr_td, &theirs.mrtd),
        (&ours.mr_config_id, &theirs.mrconfigid),
        (&ours.mr_owner, &theirs.mrowner),
        (&ours.mr_owner_config, &theirs.mrownerconfig),
        (&ours.rtmr0, &theirs.rtmr0),
        (&ours.rtmr1, &theirs.rtmr1),
        (&ours.rtmr2, &theirs.rtmr2),
        (&ours.rtmr3, &theirs.rtmr3),
    ];
    let same = registers.iter().all(|(ours, theirs)| ours.0 == **theirs)
        && ours.report_data.0 == theirs.reportdata
        && ours.tee_tcb_svn.0 == theirs.tee_tcb_svn
        && ours.seam_attributes.0 == theirs.seamattributes
        && ours.td_attributes.0 == theirs.tdattributes
        && ours.xfam.0 == theirs.xfam;
    if same { Ok(true) } else { Err(format!("reads {theirs:?}, not {ours:?}")) }
}
