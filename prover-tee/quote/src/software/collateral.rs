//! Collateral: what a verifier needs beside a quote, as Intel's provisioning service publishes it.

use serde::{Deserialize, Serialize};

use super::{
    Clock, SoftwareError, SoftwarePki,
    authority::pem,
    platform::{self, CPU_SVN, FMSPC, PCE_SVN, QE_PRODUCT, QE_SIGNER, QE_SVN},
};

/// Everything that a verifier needs beside a quote. Serialises to the form in which `dcap-qvl` keeps
/// collateral.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collateral {
    /// PEM: the platform authority, the root.
    pub pck_crl_issuer_chain: String,
    /// DER.
    #[serde(with = "hex::serde")]
    pub root_ca_crl: Vec<u8>,
    /// DER.
    #[serde(with = "hex::serde")]
    pub pck_crl: Vec<u8>,
    /// PEM: the signer, the root.
    pub tcb_info_issuer_chain: String,
    /// JSON, exactly as signed.
    pub tcb_info: String,
    /// `r ‖ s`.
    #[serde(with = "hex::serde")]
    pub tcb_info_signature: Vec<u8>,
    /// PEM: the signer, the root.
    pub qe_identity_issuer_chain: String,
    /// JSON, exactly as signed.
    pub qe_identity: String,
    /// `r ‖ s`.
    #[serde(with = "hex::serde")]
    pub qe_identity_signature: Vec<u8>,
}

/// What collateral should say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollateralSpec {
    /// Issue date of all parts.
    pub issued: Clock,
    /// Until when they hold.
    pub next_update: Clock,
    /// TCB evaluation data number; rises with each TCB recovery.
    pub evaluation: u32,
    /// Number of both revocation lists.
    pub crl_number: u8,
    /// Serial numbers of revoked PCK certificates.
    pub revoked: Vec<[u8; 20]>,
    /// Verdict on the software machines.
    pub platform: TcbStatus,
    /// Verdict on their TDX module.
    pub module: TcbStatus,
    /// Verdict on their quoting enclave.
    pub qe: TcbStatus,
}

/// A verdict on a level of security versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TcbStatus {
    /// Nothing known against it.
    UpToDate,
    /// Superseded by a security update.
    OutOfDate,
    /// The operator must change the configuration.
    ConfigurationNeeded,
    /// The software must be hardened.
    SWHardeningNeeded,
    /// Broken.
    Revoked,
}

impl CollateralSpec {
    /// Collateral with nothing against anyone, issued at `issued` and good for 30 days.
    pub fn new(issued: Clock) -> Self {
        Self {
            issued,
            next_update: issued.plus(30 * super::clock::DAY),
            evaluation: 20,
            crl_number: 1,
            revoked: Vec::new(),
            platform: TcbStatus::UpToDate,
            module: TcbStatus::UpToDate,
            qe: TcbStatus::UpToDate,
        }
    }
}

impl SoftwarePki {
    /// Collateral for all machines of this authority.
    pub fn collateral(&self, spec: &CollateralSpec) -> Result<Collateral, SoftwareError> {
        let json = |error| SoftwareError::Content { path: "collateral".into(), error };
        let tcb_info = serde_json::to_string(&TcbInfo::new(spec)).map_err(json)?;
        let qe_identity = serde_json::to_string(&QeIdentity::new(spec)).map_err(json)?;
        let signer_chain = pem(&[self.tcb_signing_der(), self.root_der()])?;
        let sign = |text: &str| platform::sign(&self.tcb_signing, text.as_bytes()).to_vec();
        Ok(Collateral {
            pck_crl_issuer_chain: pem(&[self.platform_ca_der(), self.root_der()])?,
            root_ca_crl: self.root_crl(spec.crl_number, spec.issued, spec.next_update, &[]),
            pck_crl: self.pck_crl(spec.crl_number, spec.issued, spec.next_update, &spec.revoked),
            tcb_info_issuer_chain: signer_chain.clone(),
            tcb_info_signature: sign(&tcb_info),
            tcb_info,
            qe_identity_issuer_chain: signer_chain,
            qe_identity_signature: sign(&qe_identity),
            qe_identity,
        })
    }
}

/// TCB info of version 3, in Intel's order of fields.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TcbInfo {
    id: &'static str,
    version: u8,
    issue_date: String,
    next_update: String,
    fmspc: String,
    pce_id: &'static str,
    tcb_type: u8,
    tcb_evaluation_data_number: u32,
    tdx_module: TdxModule,
    tdx_module_identities: Vec<TdxModuleIdentity>,
    tcb_levels: Vec<TcbLevel<PlatformTcb>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TdxModule {
    mrsigner: String,
    attributes: &'static str,
    attributes_mask: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TdxModuleIdentity {
    id: &'static str,
    #[serde(flatten)]
    module: TdxModule,
    tcb_levels: Vec<TcbLevel<IsvTcb>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TcbLevel<T> {
    tcb: T,
    tcb_date: String,
    tcb_status: TcbStatus,
}

#[derive(Serialize)]
struct IsvTcb {
    isvsvn: u16,
}

#[derive(Serialize)]
struct PlatformTcb {
    sgxtcbcomponents: Vec<Component>,
    pcesvn: u8,
    tdxtcbcomponents: Vec<Component>,
}

#[derive(Serialize)]
struct Component {
    svn: u8,
}

/// QE identity of version 2, in Intel's order of fields.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct QeIdentity {
    id: &'static str,
    version: u8,
    issue_date: String,
    next_update: String,
    tcb_evaluation_data_number: u32,
    miscselect: &'static str,
    miscselect_mask: &'static str,
    attributes: &'static str,
    attributes_mask: &'static str,
    mrsigner: String,
    isvprodid: u16,
    tcb_levels: Vec<TcbLevel<IsvTcb>>,
}

impl TcbInfo {
    fn new(spec: &CollateralSpec) -> Self {
        let date = spec.issued.rfc3339();
        let level = |svn: [u8; 16], tdx: [u8; 16], status| TcbLevel {
            tcb: PlatformTcb {
                sgxtcbcomponents: svn.map(|svn| Component { svn }).into(),
                pcesvn: PCE_SVN,
                tdxtcbcomponents: tdx.map(|svn| Component { svn }).into(),
            },
            tcb_date: date.clone(),
            tcb_status: status,
        };
        let td = super::Td::default();
        let module = || TdxModule {
            mrsigner: hex::encode_upper([0; 48]),
            attributes: "0000000000000000",
            attributes_mask: "FFFFFFFFFFFFFFFF",
        };
        let [module_svn, ..] = td.tee_tcb_svn;
        Self {
            id: "TDX",
            version: 3,
            issue_date: date.clone(),
            next_update: spec.next_update.rfc3339(),
            fmspc: hex::encode_upper(FMSPC),
            pce_id: "0000",
            tcb_type: 0,
            tcb_evaluation_data_number: spec.evaluation,
            tdx_module: module(),
            // The second byte of TEE_TCB_SVN is the module's major version, here 1.
            tdx_module_identities: vec![TdxModuleIdentity {
                id: "TDX_01",
                module: module(),
                tcb_levels: vec![TcbLevel {
                    tcb: IsvTcb { isvsvn: u16::from(module_svn) },
                    tcb_date: date.clone(),
                    tcb_status: spec.module,
                }],
            }],
            tcb_levels: vec![
                level(CPU_SVN, td.tee_tcb_svn, spec.platform),
                level([0; 16], [0; 16], TcbStatus::OutOfDate),
            ],
        }
    }
}

impl QeIdentity {
    fn new(spec: &CollateralSpec) -> Self {
        Self {
            id: "TD_QE",
            version: 2,
            issue_date: spec.issued.rfc3339(),
            next_update: spec.next_update.rfc3339(),
            tcb_evaluation_data_number: spec.evaluation,
            miscselect: "00000000",
            miscselect_mask: "FFFFFFFF",
            attributes: "11000000000000000000000000000000",
            attributes_mask: "FBFFFFFFFFFFFFFF0000000000000000",
            mrsigner: hex::encode_upper(QE_SIGNER),
            isvprodid: QE_PRODUCT,
            tcb_levels: vec![TcbLevel {
                tcb: IsvTcb { isvsvn: QE_SVN },
                tcb_date: spec.issued.rfc3339(),
                tcb_status: spec.qe,
            }],
        }
    }
}
