//! What a platform certificate says of its machine.

use p256::ecdsa::VerifyingKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    authority::point,
    der::{self, oid},
};

/// A machine's model and security versions, as its certificate vouches for them.
///
/// The default is the machine that [`CollateralSpec`](super::CollateralSpec) describes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hardware {
    /// Model, as TCB info names it.
    #[serde(with = "hex::serde")]
    pub fmspc: [u8; 6],
    /// Id of the provisioning certification enclave.
    #[serde(with = "hex::serde")]
    pub pce_id: [u8; 2],
    /// The 16 security versions of the processor.
    #[serde(with = "hex::serde")]
    pub cpu_svn: [u8; 16],
    /// Security version of the provisioning certification enclave.
    pub pce_svn: u16,
}

impl Default for Hardware {
    fn default() -> Self {
        Self {
            fmspc: [0x53, 0x57, 0, 0, 0, 0],
            pce_id: [0; 2],
            cpu_svn: [3, 3, 2, 2, 4, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0],
            pce_svn: 11,
        }
    }
}

impl Hardware {
    /// Intel's SGX extensions (Intel PCK Certificate and CRL specification, table 2). The ids of machine and instance
    /// follow from the machine's key.
    pub(super) fn sgx_extensions(&self, key: &VerifyingKey) -> Vec<u8> {
        let entry = |path: &[u8], value: Vec<u8>| {
            let id = [oid::SGX_EXTENSIONS, path].concat();
            der::sequence(&[&der::object_identifier(&id), &value])
        };
        let mut tcb: Vec<u8> = (1..)
            .zip(self.cpu_svn)
            .flat_map(|(number, svn)| entry(&[2, number], der::integer(&[svn])))
            .collect();
        tcb.extend(entry(&[2, 17], der::integer(&minimal(self.pce_svn))));
        tcb.extend(entry(&[2, 18], der::octet_string(&self.cpu_svn)));
        let flags: Vec<u8> = (1..=3).flat_map(|number| entry(&[7, number], der::boolean_true())).collect();
        der::sequence(&[
            &entry(&[1], der::octet_string(&id(b"PPID", key))),
            &entry(&[2], der::sequence(&[&tcb])),
            &entry(&[3], der::octet_string(&self.pce_id)),
            &entry(&[4], der::octet_string(&self.fmspc)),
            &entry(&[5], der::enumerated(1)),
            &entry(&[6], der::octet_string(&id(b"platform instance", key))),
            &entry(&[7], der::sequence(&[&flags])),
        ])
    }
}

/// A number without leading zero bytes, but for zero itself.
fn minimal(number: u16) -> Vec<u8> {
    match number.to_be_bytes() {
        [0, low] => vec![low],
        both => both.to_vec(),
    }
}

/// An id that follows from the machine's key.
fn id(label: &[u8], key: &VerifyingKey) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::new().chain_update(label).chain_update(point(key)).finalize().into();
    digest.first_chunk().copied().unwrap_or_default()
}
