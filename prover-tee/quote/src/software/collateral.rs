//! Collateral: what a verifier needs beside a quote, as Intel's provisioning service publishes it.

use serde::{Deserialize, Serialize};

use serde_json::Value;

use super::{
    CertificateSpec, Clock, Hardware, Issuer, SoftwareError, SoftwarePki,
    authority::pem,
    platform::{QE_PRODUCT, QE_SIGNER, QE_SVN},
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

/// A verdict on a level of security versions, in Intel's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TcbStatus {
    /// Nothing known against it.
    UpToDate,
    /// The software must be hardened.
    SWHardeningNeeded,
    /// The operator must change the configuration.
    ConfigurationNeeded,
    /// Both.
    ConfigurationAndSWHardeningNeeded,
    /// Superseded by a security update.
    OutOfDate,
    /// That, and the operator must change the configuration.
    OutOfDateConfigurationNeeded,
    /// Broken.
    Revoked,
}

impl TcbStatus {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::UpToDate,
        Self::SWHardeningNeeded,
        Self::ConfigurationNeeded,
        Self::ConfigurationAndSWHardeningNeeded,
        Self::OutOfDate,
        Self::OutOfDateConfigurationNeeded,
        Self::Revoked,
    ];
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
        let mut collateral = Collateral {
            pck_crl_issuer_chain: pem(&[self.platform_ca_der(), self.root_der()])?,
            root_ca_crl: self.root_crl(spec.crl_number, spec.issued, spec.next_update, &[]),
            pck_crl: self.pck_crl(spec.crl_number, spec.issued, spec.next_update, &spec.revoked),
            tcb_info_issuer_chain: String::new(),
            tcb_info: serde_json::to_string(&TcbInfo::new(spec)).map_err(unwritable)?,
            tcb_info_signature: Vec::new(),
            qe_identity_issuer_chain: String::new(),
            qe_identity: serde_json::to_string(&QeIdentity::new(spec)).map_err(unwritable)?,
            qe_identity_signature: Vec::new(),
        };
        self.sign_collateral(&mut collateral, &self.tcb_signing_spec())?;
        Ok(collateral)
    }

    /// Signs TCB info and QE identity as they are, with the key that `signer` certifies, and puts in its chain.
    pub fn sign_collateral(
        &self,
        collateral: &mut Collateral,
        signer: &CertificateSpec,
    ) -> Result<(), SoftwareError> {
        let mut chain = vec![self.certify(signer)];
        match signer.issuer {
            Issuer::Root => {}
            Issuer::PlatformCa => chain.push(self.platform_ca_der()),
            Issuer::ProcessorCa => chain.push(self.processor_ca_der()),
        }
        chain.push(self.root_der());
        let chain = pem(&chain)?;
        collateral.tcb_info_signature = self.sign(&signer.key, collateral.tcb_info.as_bytes()).to_vec();
        collateral.qe_identity_signature = self.sign(&signer.key, collateral.qe_identity.as_bytes()).to_vec();
        collateral.tcb_info_issuer_chain = chain.clone();
        collateral.qe_identity_issuer_chain = chain;
        Ok(())
    }
}

impl Collateral {
    /// Changes the TCB info. Its signature does not fit any more: see [`SoftwarePki::sign_collateral`].
    pub fn edit_tcb_info(&mut self, edit: impl FnOnce(&mut Value)) -> Result<(), SoftwareError> {
        change(&mut self.tcb_info, edit)
    }

    /// Changes the QE identity. Its signature does not fit any more: see [`SoftwarePki::sign_collateral`].
    pub fn edit_qe_identity(&mut self, edit: impl FnOnce(&mut Value)) -> Result<(), SoftwareError> {
        change(&mut self.qe_identity, edit)
    }
}

fn change(text: &mut String, edit: impl FnOnce(&mut Value)) -> Result<(), SoftwareError> {
    let mut value = serde_json::from_str(text).map_err(unwritable)?;
    edit(&mut value);
    *text = value.to_string();
    Ok(())
}

fn unwritable(error: serde_json::Error) -> SoftwareError {
    SoftwareError::Content { path: "collateral".into(), error }
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
    pce_id: String,
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
    pcesvn: u16,
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
        let Hardware { fmspc, pce_id, cpu_svn, pce_svn } = Hardware::default();
        let level = |svn: [u8; 16], tdx: [u8; 16], status| TcbLevel {
            tcb: PlatformTcb {
                sgxtcbcomponents: svn.map(|svn| Component { svn }).into(),
                pcesvn: pce_svn,
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
            fmspc: hex::encode_upper(fmspc),
            pce_id: hex::encode_upper(pce_id),
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
                level(cpu_svn, td.tee_tcb_svn, spec.platform),
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
