//! Which measurements a quote carries, whether an event log explains them, and what to allow on L1.

use std::fmt;

use alloy_primitives::{B256, FixedBytes};
use serde::Serialize;

use crate::{
    event_log::{EventLog, LogKind, REGISTERS, Register},
    fields::{Fields, FieldsError},
    workload::{Workload, workload_id},
};

/// What a quote measures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Measurements {
    /// What L1 names the workload.
    pub workload_id: B256,
    /// What the id is the hash of.
    pub workload: Workload,
    /// RTMR0 to RTMR3.
    pub registers: Vec<RegisterReport>,
    /// Where the event log is from; absent without one.
    pub event_log: Option<LogKind>,
    /// What an operator should know before allowing the workload.
    pub warnings: Vec<String>,
}

/// One register: the quote's value beside the log's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisterReport {
    /// `RTMR0` to `RTMR3`.
    pub name: String,
    /// What the quote says.
    pub quoted: FixedBytes<48>,
    /// What the log's events give; absent without a log.
    pub replayed: Option<FixedBytes<48>>,
    /// Whether both are the same; absent without a log.
    pub replays: Option<bool>,
    /// The log's events for this register, oldest first.
    pub events: Vec<EventReport>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventReport {
    /// Event type.
    pub kind: u32,
    /// What the register was extended with.
    pub digest: FixedBytes<48>,
    /// What the log says it is.
    pub description: String,
    /// Whether the digest is the hash of that. Otherwise the description is a claim of the log.
    pub proved: bool,
}

impl Measurements {
    /// Reads `quote` and replays `log`, if there is one.
    pub fn take(quote: &[u8], log: Option<&EventLog>) -> Result<Self, FieldsError> {
        let fields = Fields::read(quote, None)?;
        let workload = Workload::of(&fields);
        let quoted = [fields.td.rtmr0, fields.td.rtmr1, fields.td.rtmr2, fields.td.rtmr3];
        let replayed = log.map(EventLog::replay);
        let registers = (0..REGISTERS)
            .zip(quoted)
            .map(|(number, quoted)| register(number, quoted, replayed.as_ref(), log))
            .collect();
        let mut measurements = Self {
            workload_id: workload_id(&workload),
            workload,
            registers,
            event_log: log.map(|log| log.kind),
            warnings: Vec::new(),
        };
        measurements.warnings = measurements.warn(&fields);
        Ok(measurements)
    }

    /// Whether every register that the workload id covers is explained by the log, and no other is contradicted.
    pub fn replays(&self) -> bool {
        self.registers.iter().all(|register| register.replays == Some(true))
    }

    fn warn(&self, fields: &Fields) -> Vec<String> {
        let mut warnings = Vec::new();
        if fields.td.td_attributes.first().is_some_and(|flags| flags & 1 != 0) {
            warnings.push("This is a debug TD: the host can read its memory. L1 refuses it.".to_owned());
        }
        if fields.names_no_application() {
            warnings.push(
                "MRCONFIGID is zero and RTMR3 is not: what distinguishes this application may be in RTMR3 alone, \
                 which the workload id does not cover. Whoever controls the host could run another application \
                 under the same id. Have MRCONFIGID name the application (newer dstack releases do), or measure \
                 it into the image."
                    .to_owned(),
            );
        }
        for register in &self.registers {
            if register.replays == Some(false) {
                warnings.push(format!(
                    "{} does not replay: the log is not the one of this boot, or is incomplete.",
                    register.name
                ));
            }
        }
        if self.event_log.is_none() {
            warnings.push(
                "No event log: the registers are taken from the quote as they are. Replay a log before you ask for \
                 this workload to be allowed."
                    .to_owned(),
            );
        }
        warnings
    }
}

fn register(
    number: usize,
    quoted: FixedBytes<48>,
    replayed: Option<&[Register; REGISTERS]>,
    log: Option<&EventLog>,
) -> RegisterReport {
    let replayed = replayed.and_then(|registers| registers.get(number)).map(FixedBytes::from);
    let events = log.map(|log| log.events.as_slice()).unwrap_or_default();
    RegisterReport {
        name: format!("RTMR{number}"),
        quoted,
        replayed,
        replays: replayed.map(|value| value == quoted),
        events: events
            .iter()
            .filter(|event| event.register == number)
            .map(|event| EventReport {
                kind: event.kind,
                digest: event.digest.into(),
                description: event.description.clone(),
                proved: event.proved,
            })
            .collect(),
    }
}

impl fmt::Display for Measurements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for register in &self.registers {
            let verdict = match (register.replays, register.events.len()) {
                (None, _) => "as quoted".to_owned(),
                (Some(true), 0) => "zero, no events".to_owned(),
                (Some(true), 1) => "replays from 1 event".to_owned(),
                (Some(true), count) => format!("replays from {count} events"),
                (Some(false), count) => format!("DOES NOT REPLAY from {count} events"),
            };
            writeln!(f, "{}  {verdict}", register.name)?;
            writeln!(f, "  {}", hex::encode(register.quoted))?;
            if let (Some(false), Some(replayed)) = (register.replays, register.replayed) {
                writeln!(f, "  {}  by the log", hex::encode(replayed))?;
            }
            for event in &register.events {
                let mark = if event.proved { '+' } else { ' ' };
                let start = hex::encode(event.digest.get(..6).unwrap_or_default());
                writeln!(f, "    {mark} {start}  {}", event.description)?;
            }
        }
        if self.registers.iter().any(|register| !register.events.is_empty()) {
            writeln!(
                f,
                "  (+ the digest is the hash of what the log says; without it the text is the log's claim)"
            )?;
        }
        writeln!(f)?;
        write!(f, "{}", self.workload)?;
        writeln!(f, "workload id  {}", self.workload_id)?;
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        Ok(())
    }
}
