//! What a machine shows of itself to any user: whether it is a TDX guest, and how it hands out quotes.
//!
//! None of this is proof: the quote is. It tells an operator why there is none.

use std::{
    fs,
    path::{Path, PathBuf},
};

use prover_quote::{dstack, tsm};
use serde::Serialize;

/// First Linux with configfs-tsm for TDX guests (`Documentation/ABI/testing/configfs-tsm-report`).
pub const FIRST_KERNEL: (u32, u32) = (6, 7);

/// Asset tag of every virtual machine on Azure, where TDX guests run below a paravisor and get their quotes from a vTPM.
const AZURE_ASSET_TAG: &str = "7783-7084-3265-9085-8269-3286-77";

/// A machine as its files show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Machine {
    /// What it is.
    pub guest: Guest,
    /// Release of its kernel; empty if it cannot be read.
    pub kernel: String,
    /// Where it hands out quotes, the better interface first.
    pub interfaces: Vec<Interface>,
}

/// What a machine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Guest {
    /// A TDX guest that its kernel knows to be one.
    Tdx,
    /// A guest of Azure, whose TDX quotes do not carry a user's report data.
    Azure,
    /// Anything else.
    Other,
}

/// An interface that hands out quotes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Interface {
    /// The kernel's configfs-tsm, in this folder.
    Tsm(PathBuf),
    /// The dstack guest agent, at this socket.
    Dstack(PathBuf),
}

impl Machine {
    /// Looks at the machine whose file system begins at `root`: `/`, or a model of one in tests.
    pub fn look(root: &Path) -> Self {
        let below = |path: &str| root.join(path.trim_start_matches('/'));
        let read = |path: &str| fs::read_to_string(below(path)).unwrap_or_default();
        // The kernel sets the flag from CPUID leaf 0x21 "IntelTDX" (Intel TDX module ABI, CPUID virtualization).
        let is_tdx = read("/proc/cpuinfo")
            .lines()
            .filter_map(|line| line.strip_prefix("flags"))
            .any(|flags| flags.split_ascii_whitespace().any(|flag| flag == "tdx_guest"));
        let is_azure = read("/sys/class/dmi/id/chassis_asset_tag").trim() == AZURE_ASSET_TAG;
        let tsm = Some(below(tsm::REPORT_ROOT)).filter(|path| path.is_dir()).map(Interface::Tsm);
        let dstack = Some(below(dstack::SOCKET)).filter(|path| path.exists()).map(Interface::Dstack);
        Self {
            guest: match (is_azure, is_tdx) {
                (true, _) => Guest::Azure,
                (false, true) => Guest::Tdx,
                (false, false) => Guest::Other,
            },
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            interfaces: tsm.into_iter().chain(dstack).collect(),
        }
    }

    /// Whether the kernel is new enough for configfs-tsm; none if its release cannot be read.
    pub fn has_recent_kernel(&self) -> Option<bool> {
        let mut numbers = self.kernel.split(|character: char| !character.is_ascii_digit());
        let mut number = || numbers.next()?.parse::<u32>().ok();
        Some((number()?, number()?) >= FIRST_KERNEL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(files: &[(&str, &str)]) -> Machine {
        let root = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        Machine::look(root.path())
    }

    #[test]
    fn the_kernel_says_what_it_runs_in() {
        let guest = |files: &[(&str, &str)]| machine(files).guest;
        assert_eq!(guest(&[]), Guest::Other);
        assert_eq!(guest(&[("proc/cpuinfo", "flags\t\t: fpu tdx_guest lm\n")]), Guest::Tdx);
        assert_eq!(
            guest(&[("proc/cpuinfo", "flags\t\t: fpu tdx_guest_not\nbugs : tdx_guest\n")]),
            Guest::Other
        );
        let azure = ("sys/class/dmi/id/chassis_asset_tag", "7783-7084-3265-9085-8269-3286-77\n");
        assert_eq!(guest(&[azure, ("proc/cpuinfo", "flags : tdx_guest\n")]), Guest::Azure);
    }

    #[test]
    fn kernels_are_compared_by_number() {
        let recent = |release: &str| machine(&[("proc/sys/kernel/osrelease", release)]).has_recent_kernel();
        assert_eq!(recent("6.7.0-generic\n"), Some(true));
        assert_eq!(recent("6.17.3"), Some(true));
        assert_eq!(recent("10.0-rc1"), Some(true));
        assert_eq!(recent("6.6.99"), Some(false));
        assert_eq!(recent("5.15.0-1"), Some(false));
        assert_eq!(recent(""), None);
        assert_eq!(recent("linux"), None);
    }

    #[test]
    fn interfaces_are_found() {
        let both = machine(&[("sys/kernel/config/tsm/report/x/provider", ""), ("var/run/dstack.sock", "")]);
        assert!(matches!(both.interfaces[..], [Interface::Tsm(_), Interface::Dstack(_)]));
        assert!(machine(&[("sys/kernel/config/x", "")]).interfaces.is_empty());
    }
}
