//! Whether L1 would accept a quote: the contracts' verdict, beside `dcap-qvl`'s.
//!
//! It judges what files can show: signatures, certificates, collateral at a time, TCB status, attributes, service TD.
//! Whether the quote was made for a registration (report data) and a recent block (freshness), and whether its
//! platform was revoked on L1, only L1 can say.

use std::fmt;

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolError;
use contracts_bindings::{IProverRegistry::WorkloadNotAllowed, IQuoteVerifier::Report};
use prover_quote::{QuoteFormatError, calldata, certificate};
use serde::Serialize;

use crate::{
    collateral::{CollateralFile, Part},
    contracts::{Contracts, ContractsError, Uploaded},
    fields::Fields,
    reference::Reference,
    refusal::Refusal,
    root::Root,
    workload::{Workload, workload_id},
};

/// The registry's error for a quote in which everything is right but the report data, which it looks at last.
const REPORT_DATA: &str = "WrongReportData";

/// Who would be registered.
const SIGNER: Address = Address::repeat_byte(0x51);

/// Gas of what a registration does after its report data were found right: writing the key and, for the first one of a
/// platform, the platform. A test holds it against whole registrations.
const RECORDING_GAS: u64 = 51_000;

/// What is judged, and by what.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The quote. What follows it is ignored.
    pub quote: &'a [u8],
    /// The collateral.
    pub collateral: &'a CollateralFile,
    /// The root.
    pub root: &'a Root,
    /// Unix time in seconds.
    pub at: u64,
    /// Workloads that are allowed; none means that the workload is not judged.
    pub allowed: &'a [B256],
}

/// Whether L1 would accept a quote, and why not.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Whether L1 would accept it, as far as files can show.
    pub accepted: bool,
    /// Whether contracts and `dcap-qvl` come to the same verdict. If not, one of them is wrong: report it.
    pub agree: bool,
    /// Unix time of the verdict, in seconds.
    pub at: u64,
    /// Whether the root is Intel's.
    pub intel_root: bool,
    /// What the contracts say.
    pub contract: ContractVerdict,
    /// What `dcap-qvl` and the policy say.
    pub dcap_qvl: Reference,
    /// Costs on L1.
    pub gas: Gas,
    /// What L1 calls the workload; absent if the quote cannot be read.
    pub workload_id: Option<B256>,
    /// Whether it is in the allow-list that was given; absent if none was.
    pub workload_allowed: Option<bool>,
    /// The quote's fields; absent if it cannot be read.
    pub quote: Option<Fields>,
    /// What was not judged.
    pub not_judged: &'static [&'static str],
}

/// What the contracts say.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContractVerdict {
    /// TCB status, if the quote is genuine and covered by collateral.
    pub status: Option<String>,
    /// Evaluation number of the collateral that the status rests on.
    pub evaluation_number: Option<u32>,
    /// Unix time up to which certificates and collateral hold, in seconds.
    pub expires_at: Option<u64>,
    /// Why they refuse: the verifier, or the registry.
    pub refusal: Option<Refusal>,
    /// Collateral that the store refuses. A refusal of what this quote needs shows in the verdict too.
    pub refused_uploads: Vec<RefusedUpload>,
}

/// Collateral that the store refuses.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusedUpload {
    /// What it is.
    pub part: Part,
    /// Why.
    pub refusal: Refusal,
}

/// Costs on L1, in gas, each transaction and its calldata included.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Gas {
    /// Uploads into an empty store, in their order.
    pub uploads: Vec<UploadGas>,
    /// Verifying the quote as it is.
    pub verification: u64,
    /// Verifying it without the certificates that L1 knows, as the prover host sends it.
    pub compact_verification: u64,
    /// Registering the first key of a platform with such a quote, about; absent if L1 would refuse it.
    pub registration: Option<u64>,
}

/// Cost of an upload.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadGas {
    /// What it is.
    pub part: Part,
    /// Gas.
    pub gas: u64,
}

/// What files cannot show.
const NOT_JUDGED: &[&str] = &[
    "report data: whether the quote was made for a registration of this chain, and for whom",
    "freshness: which L1 block the quote names",
    "revocations on L1: of this platform, or of the workload",
];

impl Verdict {
    /// Judges.
    pub fn of(question: Question<'_>) -> Result<Self, ContractsError> {
        let Question { quote, collateral, root, at, allowed } = question;
        let quote = with_platform_chain(quote, collateral);
        let fields = Fields::read(&quote, None).ok();
        let chain = certificate::chain(&quote).unwrap_or_default();

        // For a chain whose enclaves name their configuration as this one does: that is not judged.
        let config_hash = fields.as_ref().and_then(|fields| fields.td.report_data.last_chunk::<32>());
        let config_hash = config_hash.map_or(B256::ZERO, B256::from);
        let mut contracts = Contracts::deploy(root, at, config_hash)?;
        let uploaded = contracts.upload(collateral.uploads(&chain, root.key()))?;
        let verified = contracts.verify(&quote)?;
        let compact = calldata::compact(&quote).unwrap_or_else(|_| quote.clone());
        let compact_gas = contracts.verify(&compact)?.gas;
        let registered = contracts.register(&compact, SIGNER)?;
        let refusal = registered.refusal.filter(|refusal| refusal.error != REPORT_DATA);
        let registration = refusal.is_none().then(|| registered.gas.saturating_add(RECORDING_GAS));
        let uploads =
            uploaded.iter().map(|upload| UploadGas { part: upload.part, gas: upload.gas }).collect();

        let workload_id = fields.as_ref().map(|fields| workload_id(&Workload::of(fields)));
        let workload_allowed =
            (!allowed.is_empty()).then(|| workload_id.is_some_and(|id| allowed.contains(&id)));
        let dcap_qvl = Reference::judge(root, &quote, fields.as_ref(), &collateral.collateral, at);
        let contract = ContractVerdict::new(verified.outcome, refusal, uploaded);
        let agree = dcap_qvl.agrees_with(contract.status.as_deref());
        Ok(Self {
            accepted: contract.refusal.is_none() && agree && workload_allowed != Some(false),
            agree,
            at,
            intel_root: root.is_intel(),
            contract: contract.with_workload(workload_id, workload_allowed),
            dcap_qvl,
            gas: Gas { uploads, verification: verified.gas, compact_verification: compact_gas, registration },
            workload_id,
            workload_allowed,
            quote: fields,
            not_judged: NOT_JUDGED,
        })
    }
}

/// The quote with the chain of the collateral file, if it has none of its own: no signature covers it.
fn with_platform_chain(quote: &[u8], collateral: &CollateralFile) -> Vec<u8> {
    let has_chain = match certificate::chain(quote) {
        Ok(chain) => !chain.is_empty(),
        Err(error) => !matches!(error, QuoteFormatError::Certification { .. }),
    };
    let chain = collateral.platform_chain_pem().filter(|_| !has_chain);
    let completed = chain.and_then(|pem| calldata::with_chain(quote, &pem).ok());
    completed.unwrap_or_else(|| quote.to_vec())
}

impl ContractVerdict {
    fn new(outcome: Result<Report, Refusal>, refusal: Option<Refusal>, uploaded: Vec<Uploaded>) -> Self {
        let refused_uploads = uploaded
            .into_iter()
            .filter_map(|upload| Some(RefusedUpload { part: upload.part, refusal: upload.refusal? }))
            .collect();
        let (report, refusal) = match outcome {
            Ok(report) => (Some(report), refusal),
            Err(refusal) => (None, Some(refusal)),
        };
        Self {
            status: report.as_ref().map(|report| format!("{:?}", report.status)),
            evaluation_number: report.as_ref().map(|report| report.evaluationNumber),
            expires_at: report.as_ref().map(|report| report.expiresAt),
            refusal,
            refused_uploads,
        }
    }

    fn with_workload(mut self, workload_id: Option<B256>, allowed: Option<bool>) -> Self {
        if allowed == Some(false) && self.refusal.is_none() {
            let error = WorkloadNotAllowed { workloadId: workload_id.unwrap_or_default() };
            self.refusal = Some(Refusal::decode(&error.abi_encode()));
        }
        self
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.agree {
            writeln!(
                f,
                "THE JUDGES DIFFER: the contracts and dcap-qvl come to different verdicts. One of them is wrong;"
            )?;
            writeln!(f, "keep the files and report it. Until then, take this quote as refused.")?;
        }
        writeln!(
            f,
            "{}",
            if self.accepted { "L1 would accept this quote." } else { "L1 would REFUSE this quote." }
        )?;
        let contract = &self.contract;
        writeln!(f, "  contracts   {}", contract.status.as_deref().unwrap_or("no verdict"))?;
        if let Some(refusal) = &contract.refusal {
            writeln!(f, "              {refusal}")?;
            writeln!(f, "              what to do: {}", refusal.advice)?;
        }
        for RefusedUpload { part, refusal } in &contract.refused_uploads {
            writeln!(f, "  {} refused: {refusal}", part.name())?;
            writeln!(f, "              what to do: {}", refusal.advice)?;
        }
        writeln!(f, "  dcap-qvl    {}", self.dcap_qvl)?;
        if !self.dcap_qvl.advisories.is_empty() {
            writeln!(f, "  advisories  {}", self.dcap_qvl.advisories.join(", "))?;
        }
        let root = if self.intel_root { "Intel's root" } else { "another root than Intel's" };
        writeln!(f, "  judged at   {} (Unix time), by {root}", self.at)?;
        if let (Some(number), Some(until)) = (contract.evaluation_number, contract.expires_at) {
            writeln!(f, "  collateral  evaluation number {number}, good until {until} (Unix time)")?;
        }
        let allowed = match self.workload_allowed {
            None => "",
            Some(true) => ", allowed",
            Some(false) => ", NOT allowed",
        };
        if let Some(workload_id) = self.workload_id {
            writeln!(f, "  workload    {workload_id}{allowed}")?;
        }
        write!(f, "{}", self.gas)?;
        match &self.quote {
            Some(fields) => write!(f, "fields\n{fields}")?,
            None => writeln!(f, "fields\n  none: this is not a quote of a TD, or it is cut short")?,
        }
        writeln!(f, "not judged, because files cannot show it")?;
        for line in self.not_judged {
            writeln!(f, "  {line}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Gas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "gas")?;
        if let Some(gas) = self.registration {
            writeln!(f, "  {:<28}{gas:>9}  (about)", "registration")?;
        }
        writeln!(f, "  {:<28}{:>9}", "verification, as sent", self.compact_verification)?;
        writeln!(f, "  {:<28}{:>9}", "verification, whole quote", self.verification)?;
        for UploadGas { part, gas } in &self.uploads {
            writeln!(f, "  {:<28}{gas:>9}", part.name())?;
        }
        Ok(())
    }
}
