// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title ICollateralStore
/// @notice Intel's collateral on chain: who may issue platform certificates, which of these are revoked, and what is known of
/// each security version of platforms, TDX modules and quoting enclaves.
///
/// Anyone uploads. Every upload is verified up to the pinned root key, parsed once and stored packed, and only ever moves
/// forward: by issue date, CRL number and evaluation number. What has run past its next update says nothing any more.
///
/// Formats: certificates and revocation lists in DER (RFC 5280); TCB info and QE identity as the exact JSON text that Intel
/// signed (Intel PCS API v4), with its signature r ‖ s.
///
/// @dev This file has no imports: the Rust bindings are made from it.
interface ICollateralStore {
    /// @notice Intel's verdict on a TCB level, in the order of Intel's own library (sgx_ql_qv_result): worse is not larger.
    enum TcbStatus {
        UpToDate,
        SWHardeningNeeded,
        ConfigurationNeeded,
        ConfigurationAndSWHardeningNeeded,
        OutOfDate,
        OutOfDateConfigurationNeeded,
        Revoked,
        TDRelaunchAdvised,
        TDRelaunchAdvisedConfigurationNeeded
    }

    /// @notice What a quote and its platform certificate say of the machine.
    struct Platform {
        /// keccak256 of the issuer's Name (DER, tag and length included) in the platform certificate. The caller has checked
        /// that certificate's signature with the `issuerKey` of that name.
        bytes32 issuer;
        /// Serial number of the platform certificate.
        uint256 serial;
        bytes6 fmspc;
        bytes2 pceId;
        /// 16 components, first one first.
        bytes16 cpuSvn;
        uint16 pceSvn;
        bytes16 teeTcbSvn;
        /// TEE_TCB_SVN_2 of a TD 1.5 body; ignored unless `hasTeeTcbSvn2`.
        bytes16 teeTcbSvn2;
        bool hasTeeTcbSvn2;
        /// MRSIGNERSEAM in two parts: 32 and 16 bytes.
        bytes32 moduleSignerHigh;
        bytes16 moduleSignerLow;
        bytes8 seamAttributes;
        /// The quoting enclave's report.
        bytes4 qeMiscSelect;
        bytes16 qeAttributes;
        bytes32 qeSigner;
        uint16 qeProductId;
        uint16 qeSvn;
    }

    /// @notice What the collateral says of a platform.
    struct Assessment {
        /// The worst of platform, TDX module and quoting enclave, merged as Intel's library does.
        TcbStatus status;
        /// The lower one of the TCB info's and the QE identity's.
        uint32 evaluationNumber;
        /// The earliest end of what it rests on: certificates of the authority and the signers, revocation lists, TCB info, QE
        /// identity. Unix time in seconds.
        uint64 expiresAt;
    }

    /// @notice The certificate of an intermediate authority, or of who signs TCB infos and QE identities.
    struct Certificate {
        /// Its subject's P-256 key.
        bytes32 x;
        bytes32 y;
        uint256 serial;
        /// Unix times in seconds; both ends belong to the validity.
        uint64 notBefore;
        uint64 notAfter;
    }

    /// @notice A certificate revocation list.
    struct RevocationList {
        /// CRL number. Intel's lists all have number 1: what tells them apart is when they were made.
        uint256 number;
        /// Unix times in seconds. It counts before `nextUpdate`, and at it no more.
        uint64 thisUpdate;
        uint64 nextUpdate;
        /// How many serial numbers it revokes.
        uint64 count;
    }

    /// @notice A TCB info or a QE identity.
    struct Collateral {
        uint32 evaluationNumber;
        /// Unix times in seconds; both ends belong to the validity.
        uint64 issueDate;
        uint64 nextUpdate;
        /// Serial number of its signer's certificate.
        uint256 signerSerial;
    }

    /// @notice `name` (keccak256 of its subject's Name, DER) may issue platform certificates until `notAfter`.
    event AuthorityAdded(bytes32 indexed name, bytes32 indexed keyHash, uint256 notAfter);
    /// @notice The key may sign collateral until `notAfter`.
    event SignerAdded(bytes32 indexed keyHash, uint256 notAfter);
    /// @notice The root revokes `count` certificates.
    event RootCrlUpdated(uint256 thisUpdate, uint256 nextUpdate, uint256 count);
    /// @notice The authority `name` revokes `count` certificates.
    event PckCrlUpdated(bytes32 indexed name, uint256 thisUpdate, uint256 nextUpdate, uint256 count);
    /// @notice What is known of the platforms of one kind.
    event TcbInfoUpdated(bytes6 indexed fmspc, uint32 evaluationNumber, uint256 issueDate, uint256 nextUpdate);
    /// @notice What is known of the quoting enclave.
    event QeIdentityUpdated(uint32 evaluationNumber, uint256 issueDate, uint256 nextUpdate);
    /// @notice The highest evaluation number rose.
    event EvaluationRaised(uint32 number);

    // Uploads.

    /// @notice Ethereum mainnet accepts no other root than Intel's.
    error NotIntelRoot(bytes32 x, bytes32 y);
    /// @notice The certificate or root revocation list is not signed by the pinned root key.
    error NotSignedByRoot();
    /// @notice The root itself is neither an authority nor a signer.
    error CertificateOfRoot();
    /// @notice The certificate is outside its validity.
    error CertificateNotValid(uint256 notBefore, uint256 notAfter, uint256 timestamp);
    /// @notice The root revoked the certificate of an authority or signer.
    error CertificateRevoked(uint256 serial);
    /// @notice An authority may issue certificates and revocation lists: CA, keyCertSign and cRLSign are needed.
    error NotAnAuthority(bool isAuthority, uint256 keyUsage);
    /// @notice A signer has the subject 'Intel SGX TCB Signing', may sign, and may not issue certificates.
    error NotATcbSigner(bytes32 commonName, bool isAuthority, uint256 keyUsage);
    /// @notice No certificate of an authority of this name was added.
    error UnknownAuthority(bytes32 name);
    /// @notice No certificate of a signer with this key was added.
    error UnknownSigner(bytes32 keyHash);
    /// @notice The revocation list is not signed by the authority of its issuer's name.
    error NotSignedByAuthority(bytes32 name);
    /// @notice The text is not signed by the key.
    error NotSignedBySigner(bytes32 keyHash);
    /// @notice A signature has 64 bytes, r ‖ s.
    error WrongSignatureLength(uint256 given);
    /// @notice What is uploaded is not valid yet, or no more.
    error NotCurrent(uint256 from, uint256 until, uint256 timestamp);
    /// @notice What is held is newer.
    error OlderCertificate(uint256 notBefore, uint256 held);
    /// @notice What is held is newer, by CRL number or by when it was made.
    error OlderRevocationList(uint256 number, uint256 thisUpdate, uint256 heldNumber, uint256 heldThisUpdate);
    /// @notice What is held is newer, by evaluation number, then by issue date.
    error OlderCollateral(
        uint32 evaluationNumber, uint256 issueDate, uint32 heldEvaluationNumber, uint256 heldIssueDate
    );
    /// @notice More revoked certificates than can be stored.
    error TooManyRevoked(uint256 count, uint256 most);
    /// @notice Only TCB infos of id 'TDX' are read, and QE identities of id 'TD_QE'. Left-aligned.
    error WrongCollateralId(bytes32 given, bytes32 expected);
    /// @notice Only TCB infos of version 3 are read, and QE identities of version 2.
    error UnsupportedVersion(uint256 given, uint256 expected);
    /// @notice Only TCB levels of type 0 are read.
    error UnsupportedTcbType(uint256 given, uint256 expected);

    // Assessment.

    /// @notice No revocation list of the root was uploaded.
    error RootCrlMissing();
    /// @notice The root's revocation list has run out.
    error RootCrlExpired(uint256 nextUpdate, uint256 timestamp);
    /// @notice No revocation list of this authority was uploaded.
    error PckCrlMissing(bytes32 name);
    /// @notice The authority's revocation list has run out.
    error PckCrlExpired(bytes32 name, uint256 nextUpdate, uint256 timestamp);
    /// @notice The platform's certificate was revoked.
    error PlatformCertificateRevoked(uint256 serial);
    /// @notice No TCB info for platforms of this kind was uploaded.
    error TcbInfoMissing(bytes6 fmspc);
    /// @notice The TCB info has run out.
    error TcbInfoExpired(bytes6 fmspc, uint256 nextUpdate, uint256 timestamp);
    /// @notice No QE identity was uploaded.
    error QeIdentityMissing();
    /// @notice The QE identity has run out.
    error QeIdentityExpired(uint256 nextUpdate, uint256 timestamp);
    /// @notice The authority's certificate has run out.
    error AuthorityExpired(bytes32 name, uint256 notAfter, uint256 timestamp);
    /// @notice The certificate of who signed the TCB info or QE identity has run out.
    error SignerExpired(uint256 serial, uint256 notAfter, uint256 timestamp);
    /// @notice The TCB info is for another provisioning certification enclave.
    error WrongPceId(bytes2 given, bytes2 expected);
    /// @notice The platform is below every level of the TCB info.
    error NoTcbLevel(bytes16 cpuSvn, uint16 pceSvn, bytes16 teeTcbSvn);
    /// @notice The TCB info knows no TDX module of this version.
    error UnknownTdxModule(uint8 version);
    /// @notice The TDX module is below every level of its identity.
    error NoTdxModuleLevel(uint8 version, uint8 svn);
    /// @notice The TDX module was signed by another key: MRSIGNERSEAM, in two parts each.
    error WrongModuleSigner(bytes32 givenHigh, bytes16 givenLow, bytes32 expectedHigh, bytes16 expectedLow);
    /// @notice The TDX module's SEAMATTRIBUTES differ under the mask, or have bits outside of it.
    error WrongSeamAttributes(bytes8 given, bytes8 expected, bytes8 mask);
    /// @notice The quoting enclave is a debug one: the host can read its keys.
    error DebugQe(bytes16 attributes);
    /// @notice The quoting enclave's MRSIGNER is another.
    error WrongQeSigner(bytes32 given, bytes32 expected);
    /// @notice The quoting enclave's ISVPRODID is another.
    error WrongQeProduct(uint16 given, uint16 expected);
    /// @notice The quoting enclave's MISCSELECT differs under the mask.
    error WrongQeMiscSelect(bytes4 given, bytes4 expected, bytes4 mask);
    /// @notice The quoting enclave's ATTRIBUTES differ under the mask.
    error WrongQeAttributes(bytes16 given, bytes16 expected, bytes16 mask);
    /// @notice The quoting enclave is below every level of its identity.
    error NoQeLevel(uint16 svn);

    /// @notice Adds an intermediate certificate authority: its certificate is signed by the root. A newer certificate of the
    /// same name takes the place of the older one, whose revocation list is forgotten if the key is another.
    /// @return changed False if this very certificate was added before.
    function addAuthority(bytes calldata der) external returns (bool changed);

    /// @notice Adds a key that signs collateral: its certificate is signed by the root itself. A newer certificate of the same
    /// key takes the place of the older one.
    /// @return changed False if the certificate is the one that is held.
    function addSigner(bytes calldata der) external returns (bool changed);

    /// @notice Replaces the root's revocation list by a newer one.
    /// @return changed False if the list was made when the held one was.
    function updateRootCrl(bytes calldata der) external returns (bool changed);

    /// @notice Replaces the revocation list of a known authority, its issuer, by a newer one. An authority that the root revoked
    /// revokes nothing any more: platforms that others vouch for could be stopped with its key.
    /// @return changed False if the list was made when the held one was.
    function updatePckCrl(bytes calldata der) external returns (bool changed);

    /// @notice Replaces the TCB info of one kind of platforms by a newer one: of a higher evaluation number, or of the same
    /// and issued later. What a signer signed that was revoked since is older than anything.
    /// @param json The exact text that was signed: the value of `tcbInfo`.
    /// @param signature r ‖ s.
    /// @param signer keccak256(x ‖ y) of the signer's key.
    /// @return changed False if the held one is as new.
    function updateTcbInfo(bytes calldata json, bytes calldata signature, bytes32 signer)
        external
        returns (bool changed);

    /// @notice Replaces the QE identity by a newer one, in the same way.
    /// @param json The exact text that was signed: the value of `enclaveIdentity`.
    function updateQeIdentity(bytes calldata json, bytes calldata signature, bytes32 signer)
        external
        returns (bool changed);

    /// @notice What the collateral says of `platform` now. Reverts if any of it is missing, has run out or was revoked, if the
    /// platform's certificate was revoked, or if nothing is known of the platform's security version. The statuses OutOfDate
    /// and Revoked are answers.
    /// @dev As Intel's library and dcap-qvl 0.7.1 do it. Stricter: the PCE id must be the TCB info's.
    function assess(Platform calldata platform) external view returns (Assessment memory);

    /// @notice The key of the authority of this name; reverts with UnknownAuthority if there is none. Its validity and
    /// revocation are checked by `assess`.
    /// @param name keccak256 of its Name (DER, tag and length included).
    function issuerKey(bytes32 name) external view returns (bytes32 x, bytes32 y);
    /// @notice The name of the authority whose certificate this is; zero if it was not added. So the copy in a quote can be
    /// compared without being read. One authority may have several certificates: a later one, or the same with another
    /// signature, since anyone can turn (r, s) into (r, -s).
    /// @param hash keccak256 of the certificate's DER, or of its PEM text from the first dash to the last, in lines of 64
    /// characters.
    function issuerOfCertificate(bytes32 hash) external view returns (bytes32 name);

    /// @notice The authority of this name; all zero if there is none.
    function authorityOf(bytes32 name) external view returns (Certificate memory);
    /// @notice The signer with this key; all zero if there is none.
    function signerOf(bytes32 keyHash) external view returns (Certificate memory);
    /// @notice The root's revocation list; all zero if there is none.
    function rootCrl() external view returns (RevocationList memory);
    /// @notice The revocation list of the authority of this name; all zero if there is none.
    function pckCrl(bytes32 name) external view returns (RevocationList memory);
    /// @notice The TCB info of platforms of this kind; all zero if there is none.
    function tcbInfo(bytes6 fmspc) external view returns (Collateral memory);
    /// @notice The QE identity; all zero if there is none.
    function qeIdentity() external view returns (Collateral memory);
    /// @notice Whether the root's revocation list holds the serial number.
    function isRevokedByRoot(uint256 serial) external view returns (bool);
    /// @notice Whether the revocation list of the authority of this name holds the serial number.
    function isRevoked(bytes32 name, uint256 serial) external view returns (bool);
    /// @notice The highest evaluation number of any TCB info or QE identity so far.
    function evaluationNumber() external view returns (uint32);

    /// @notice Root certificate authority, by its P-256 key.
    function rootKey() external view returns (bytes32 x, bytes32 y);
    /// @notice Who hears of each rise of `evaluationNumber`; zero for nobody.
    function listener() external view returns (address);
}
