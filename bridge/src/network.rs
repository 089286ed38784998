//! Which chains and contracts a bridge connects. Everything here is the user's word: nodes are held against it.

use std::path::Path;

use alloy_primitives::{Address, address};
pub use contracts_client::network::{Endpoint, NetworkError, PartialEndpoint};
use contracts_client::network::{read, read_or_devnet};
use serde::Deserialize;

/// `L2CrossDomainMessenger`.
pub const L2_MESSENGER: Address = address!("4200000000000000000000000000000000000007");
/// `L2StandardBridge`.
pub const L2_BRIDGE: Address = address!("4200000000000000000000000000000000000010");
/// `OptimismMintableERC20Factory`.
pub const L2_FACTORY: Address = address!("4200000000000000000000000000000000000012");
/// `L2ToL1MessagePasser`.
pub const MESSAGE_PASSER: Address = executor::chain::MESSAGE_PASSER;

/// Two chains and the contracts between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// The lower chain.
    pub l1: Endpoint,
    /// The upper chain.
    pub l2: Endpoint,
    /// The contracts on L1.
    pub contracts: Contracts,
}

/// Contracts of the bridge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contracts {
    /// `Portal` on L1.
    pub portal: Address,
    /// `L1StandardBridge`.
    pub l1_bridge: Address,
    /// `L1CrossDomainMessenger`.
    pub l1_messenger: Address,
    /// PHA on L1 and on L2, known as `pha`.
    pub pha: Option<(Address, Address)>,
}

/// What is known of a network before everything is: from a file, from flags, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkFile {
    /// The lower chain.
    pub l1: PartialEndpoint,
    /// The upper chain.
    pub l2: PartialEndpoint,
    /// The contracts on L1.
    pub contracts: PartialContracts,
}

/// See [`Contracts`]. The names are those of `devnet.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PartialContracts {
    /// `Portal` on L1.
    pub portal: Option<Address>,
    /// `L1StandardBridge`.
    pub l1_standard_bridge: Option<Address>,
    /// `L1CrossDomainMessenger`.
    pub l1_cross_domain_messenger: Option<Address>,
    /// PHA on L1.
    pub pha: Option<Address>,
    /// PHA on L2.
    pub l2_pha: Option<Address>,
}

impl NetworkFile {
    /// Reads `devnet.json` or a file like it. Unknown fields are passed over.
    pub fn read(path: &Path) -> Result<Self, NetworkError> {
        read(path)
    }

    /// The file at `path`, or a devnet's if there is one here and none was named.
    pub fn read_or_devnet(path: Option<&Path>) -> Result<Self, NetworkError> {
        read_or_devnet(path)
    }

    /// What `self` says, and `other` where it says nothing.
    pub fn or(self, other: Self) -> Self {
        let (a, b) = (self.contracts, other.contracts);
        Self {
            l1: self.l1.or(other.l1),
            l2: self.l2.or(other.l2),
            contracts: PartialContracts {
                portal: a.portal.or(b.portal),
                l1_standard_bridge: a.l1_standard_bridge.or(b.l1_standard_bridge),
                l1_cross_domain_messenger: a.l1_cross_domain_messenger.or(b.l1_cross_domain_messenger),
                pha: a.pha.or(b.pha),
                l2_pha: a.l2_pha.or(b.l2_pha),
            },
        }
    }

    /// The network, if all of it is there.
    pub fn complete(self) -> Result<Network, NetworkError> {
        let missing = NetworkError::Missing;
        let contracts = self.contracts;
        Ok(Network {
            l1: self.l1.complete(["the L1 node (--l1-rpc)", "the L1 chain id (--l1-chain-id)"])?,
            l2: self.l2.complete(["the L2 node (--l2-rpc)", "the L2 chain id (--l2-chain-id)"])?,
            contracts: Contracts {
                portal: contracts.portal.ok_or(missing("the portal (--portal)"))?,
                l1_bridge: contracts
                    .l1_standard_bridge
                    .ok_or(missing("the standard bridge (--l1-standard-bridge)"))?,
                l1_messenger: contracts
                    .l1_cross_domain_messenger
                    .ok_or(missing("the messenger (--l1-messenger)"))?,
                pha: contracts.pha.zip(contracts.l2_pha),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{
        "l1": {"rpc": "http://127.0.0.1:8545", "chainId": 31337},
        "l2": {"rpc": "http://127.0.0.1:9545", "ws": "ws://127.0.0.1:9545", "chainId": 7425},
        "contracts": {
            "rollup": "0x0000000000000000000000000000000000000001",
            "portal": "0x0000000000000000000000000000000000000002",
            "l1StandardBridge": "0x0000000000000000000000000000000000000003",
            "l1CrossDomainMessenger": "0x0000000000000000000000000000000000000004",
            "pha": null
        },
        "accounts": [], "provers": []
    }"#;

    #[test]
    fn a_devnet_file_is_enough_and_flags_go_first() {
        let file: NetworkFile = serde_json::from_str(FILE).unwrap();
        let network = file.clone().complete().unwrap();
        assert_eq!(network.l2.chain_id, 7425);
        assert_eq!(network.contracts.pha, None);
        let flags = NetworkFile {
            l1: PartialEndpoint { rpc: Some("http://other".into()), chain_id: None },
            ..NetworkFile::default()
        };
        let network = flags.or(file).complete().unwrap();
        assert_eq!(network.l1, Endpoint { rpc: "http://other".into(), chain_id: 31337 });
    }

    #[test]
    fn what_is_missing_is_named() {
        let file: NetworkFile = serde_json::from_str(FILE).unwrap();
        let mut without = file.clone();
        without.contracts.portal = None;
        assert!(matches!(without.complete(), Err(NetworkError::Missing(what)) if what.contains("--portal")));
        let mut without = file;
        without.l1.chain_id = None;
        assert!(
            matches!(without.complete(), Err(NetworkError::Missing(what)) if what.contains("--l1-chain-id"))
        );
        assert!(matches!(NetworkFile::read(Path::new("/absent")), Err(NetworkError::File { .. })));
    }
}
