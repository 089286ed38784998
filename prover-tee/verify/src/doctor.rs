//! Whether a machine can prove: every condition in plain words, and what to do about those that are not met.

use std::fmt;

use alloy_primitives::B256;
use serde::Serialize;

use crate::{
    check::{Question, Verdict},
    collateral::CollateralFile,
    contracts::ContractsError,
    machine::{FIRST_KERNEL, Guest, Interface, Machine},
    root::Root,
};

/// Collateral that ends sooner is worth a warning, in seconds. Intel issues it for 30 days and renews it daily.
const SOON: u64 = 7 * 86_400;

/// What is examined.
#[derive(Clone, Debug)]
pub struct Examination<'a> {
    /// Where the quote is from.
    pub subject: Subject<'a>,
    /// The quote, or why there is none.
    pub quote: Result<Vec<u8>, String>,
    /// The collateral, or why there is none.
    pub collateral: Result<CollateralFile, String>,
    /// The root.
    pub root: &'a Root,
    /// Unix time in seconds.
    pub at: u64,
    /// Workloads that are allowed; none means that the workload is not judged.
    pub allowed: &'a [B256],
}

/// Who made the quote.
#[derive(Clone, Debug)]
pub enum Subject<'a> {
    /// This machine.
    Machine(&'a Machine),
    /// An enclave at this address. The machine that it runs on cannot be looked at from here.
    Enclave(String),
    /// The software platform of devnets and tests.
    Software,
}

/// What was found.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnosis {
    /// Whether the machine can prove, as far as can be seen without L1.
    pub can_prove: bool,
    /// Every condition, in the order in which to mend them.
    pub findings: Vec<Finding>,
    /// The whole verdict on the quote, if there was something to judge.
    pub verdict: Option<Verdict>,
}

/// One condition.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What was looked at.
    pub what: &'static str,
    /// Whether it is as it must be.
    pub state: State,
    /// What was found.
    pub found: String,
    /// What to do about it.
    pub advice: Option<String>,
}

/// Whether a condition is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// It is.
    Good,
    /// It is, and needs attention.
    Warning,
    /// It is not.
    Bad,
    /// It could not be looked at.
    Unknown,
}

impl Diagnosis {
    /// Examines.
    pub fn of(examination: &Examination<'_>) -> Result<Self, ContractsError> {
        let mut findings = match &examination.subject {
            Subject::Machine(machine) => vec![guest(machine), kernel(machine), interface(machine)],
            Subject::Enclave(address) => vec![Finding::new(
                "machine",
                State::Unknown,
                format!("the quote is from the enclave at {address}; its machine was not looked at"),
            )],
            Subject::Software => vec![
                Finding::new("machine", State::Warning, "the software platform: it protects nothing")
                    .advised("For devnets and tests only. Production chains accept Intel's root alone."),
            ],
        };
        findings.push(match &examination.quote {
            Ok(quote) => Finding::new("quote", State::Good, format!("{} bytes", quote.len())),
            Err(why) => Finding::new("quote", State::Bad, why).advised(
                "Run this where the enclave runs, or name it with --enclave. Mend what is said above first.",
            ),
        });
        if let (Ok(_), Err(why)) = (&examination.quote, &examination.collateral) {
            findings.push(Finding::new("collateral", State::Bad, why).advised(
                "Give a file, a folder, or the URL of Intel's service or of your PCCS with --collateral.",
            ));
        }
        let verdict = match (&examination.quote, &examination.collateral) {
            (Ok(quote), Ok(collateral)) => {
                let &Examination { root, at, allowed, .. } = examination;
                let verdict = Verdict::of(Question { quote, collateral, root, at, allowed })?;
                judged(&verdict, collateral, &mut findings);
                Some(verdict)
            }
            _ => None,
        };
        let is_bad = findings.iter().any(|finding| finding.state == State::Bad);
        let can_prove = !is_bad && verdict.as_ref().is_some_and(|verdict| verdict.accepted);
        Ok(Self { can_prove, findings, verdict })
    }
}

fn guest(machine: &Machine) -> Finding {
    match machine.guest {
        Guest::Tdx => Finding::new("TDX guest", State::Good, "yes"),
        Guest::Azure => Finding::new("TDX guest", State::Bad, "a guest of Azure").advised(
            "Azure's guests get their quotes from a vTPM, which cannot vouch for the prover's key. Rent a plain TDX \
             guest elsewhere, or run dstack on a TDX host.",
        ),
        // Inside a container of dstack the processor's flags may be hidden; the agent is there only in a TDX guest.
        Guest::Other if machine.interfaces.iter().any(|found| matches!(found, Interface::Dstack(_))) => {
            Finding::new("TDX guest", State::Unknown, "the kernel does not say so; a dstack agent is there")
        }
        Guest::Other => Finding::new("TDX guest", State::Bad, "this machine is not a TDX guest").advised(
            "Run the enclave and this command inside a TDX guest: prover-tee/README.md says how to build and rent one.",
        ),
    }
}

fn kernel(machine: &Machine) -> Finding {
    let (major, minor) = FIRST_KERNEL;
    let release = &machine.kernel;
    match machine.has_recent_kernel() {
        Some(true) => Finding::new("kernel", State::Good, format!("Linux {release}")),
        Some(false) if machine.interfaces.is_empty() => {
            Finding::new("kernel", State::Bad, format!("Linux {release} has no configfs-tsm"))
                .advised(&format!("Boot Linux {major}.{minor} or later in the guest, or use dstack."))
        }
        Some(false) => {
            Finding::new("kernel", State::Good, format!("Linux {release}; quotes come from dstack"))
        }
        None => Finding::new("kernel", State::Unknown, "its release cannot be read"),
    }
}

fn interface(machine: &Machine) -> Finding {
    match machine.interfaces.first() {
        Some(Interface::Tsm(path)) => {
            Finding::new("interface", State::Good, format!("configfs-tsm at {}", path.display()))
        }
        Some(Interface::Dstack(path)) => {
            Finding::new("interface", State::Good, format!("dstack agent at {}", path.display()))
        }
        None => Finding::new("interface", State::Bad, "neither configfs-tsm nor a dstack agent").advised(
            "Load the module tdx-guest (CONFIG_TDX_GUEST_DRIVER) and mount configfs on /sys/kernel/config; in a dstack \
             app, mount /var/run/dstack.sock into the container.",
        ),
    }
}

/// What quote and collateral say.
fn judged(verdict: &Verdict, collateral: &CollateralFile, findings: &mut Vec<Finding>) {
    let platform = verdict.quote.as_ref().and_then(|fields| fields.platform.as_ref());
    findings.push(match platform {
        Some(platform) => {
            let (fmspc, id) = (hex::encode(platform.fmspc), platform.platform_id);
            Finding::new("platform", State::Good, format!("FMSPC {fmspc}, platform id {id}"))
        }
        None => Finding::new("platform", State::Bad, "the quote carries no platform certificate that can be read")
            .advised(
                "The host's quoting service must be registered with Intel, so that quotes carry the PCK chain: ask \
                 whoever runs the host.",
            ),
    });
    findings.push(age(verdict, collateral));
    let contract = &verdict.contract;
    findings.push(match contract.status.as_deref() {
        Some("UpToDate") => Finding::new("TCB status", State::Good, "UpToDate"),
        // What to do about it is said where L1 refuses it.
        Some(status) => Finding::new("TCB status", State::Bad, status),
        None => Finding::new("TCB status", State::Unknown, "none: the quote is refused before it has one"),
    });
    let advisories = &verdict.dcap_qvl.advisories;
    findings.push(if advisories.is_empty() {
        Finding::new("advisories", State::Good, "none is known")
    } else {
        Finding::new("advisories", State::Warning, advisories.join(", "))
            .advised("Read them at https://www.intel.com/content/www/us/en/security-center; updating the host ends them.")
    });
    let workload = verdict.workload_id.map_or_else(|| "unknown".to_owned(), |id| id.to_string());
    findings.push(match verdict.workload_allowed {
        Some(true) => Finding::new("workload", State::Good, format!("{workload}, allowed")),
        Some(false) => Finding::new("workload", State::Bad, format!("{workload}, not allowed"))
            .advised("Start the allowed image, or have this workload allowed through the timelock."),
        None => Finding::new(
            "workload",
            State::Unknown,
            format!("{workload}; name the allowed ones with --allow"),
        ),
    });
    findings.push(l1(verdict));
}

fn age(verdict: &Verdict, collateral: &CollateralFile) -> Finding {
    let (at, contract) = (verdict.at, &verdict.contract);
    let days = |seconds: u64| seconds / 86_400;
    let about = collateral.head().map_or_else(String::new, |head| {
        let age = days(at.saturating_sub(head.issued_at));
        format!("evaluation number {}, issued {age} days ago, ", head.evaluation_number)
    });
    let renew = "Fetch newer collateral from Intel's service or your PCCS.";
    match contract.expires_at {
        _ if !contract.refused_uploads.is_empty() => {
            let refused: Vec<String> = contract
                .refused_uploads
                .iter()
                .map(|upload| format!("{} refused: {}", upload.part.name(), upload.refusal))
                .collect();
            let advice = contract.refused_uploads.first().map_or(renew, |upload| &upload.refusal.advice);
            Finding::new("collateral", State::Bad, format!("{about}{}", refused.join("; "))).advised(advice)
        }
        Some(until) => {
            let left = until.saturating_sub(at);
            let found = format!("{about}good for {} more days", days(left));
            let state = if left < SOON { State::Warning } else { State::Good };
            let finding = Finding::new("collateral", state, found);
            if state == State::Good { finding } else { finding.advised(renew) }
        }
        None => Finding::new("collateral", State::Good, format!("{about}taken by L1")),
    }
}

fn l1(verdict: &Verdict) -> Finding {
    if !verdict.agree {
        return Finding::new("L1", State::Bad, "the contracts and dcap-qvl come to different verdicts")
            .advised("One of them is wrong: keep the files and report it.");
    }
    match (&verdict.contract.refusal, verdict.gas.registration) {
        (None, Some(gas)) => {
            Finding::new("L1", State::Good, format!("would accept this quote, at about {gas} gas"))
        }
        (None, None) => Finding::new("L1", State::Good, "would accept this quote"),
        (Some(refusal), _) => Finding::new("L1", State::Bad, format!("would refuse this quote: {refusal}"))
            .advised(&refusal.advice),
    }
}

impl Finding {
    fn new(what: &'static str, state: State, found: impl Into<String>) -> Self {
        Self { what, state, found: found.into(), advice: None }
    }

    fn advised(self, advice: &str) -> Self {
        Self { advice: Some(advice.to_owned()), ..self }
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { what, state, found, advice } in &self.findings {
            let mark = match state {
                State::Good => "ok",
                State::Warning => "warning",
                State::Bad => "NOT OK",
                State::Unknown => "?",
            };
            writeln!(f, "{what:<12}{mark:<9}{found}")?;
            if let Some(advice) = advice {
                writeln!(f, "{:<21}what to do: {advice}", "")?;
            }
        }
        writeln!(f)?;
        writeln!(f, "This machine {} prove.", if self.can_prove { "can" } else { "can NOT" })?;
        if self.can_prove {
            writeln!(f, "Only L1 can say whether platform or workload were revoked: see prover-tee status.")?;
        }
        Ok(())
    }
}
