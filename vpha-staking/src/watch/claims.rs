//! Signed transitions, by what they were made from.
//!
//! For one input (`configHash`, `parentOutputRoot`, `daHash`, `l1OriginHash`) there is one result, ever. Whoever holds two signed
//! ones has evidence. No I/O here: signatures come from wherever, and are believed because they recover to a key.
//!
//! Bounded: of one key and one input two claims are kept, which is all that evidence needs; [`Claims::prune`] forgets what is too
//! old to be held against anybody; and beyond [`MAX_CLAIMS`] the oldest go.

use std::collections::{BTreeSet, HashMap};

use alloy_primitives::{Address, B256};
use executor::transition;
use prover_core::signature::{self, SignatureError};

use crate::evidence::{Evidence, SignedTransition};

/// Claims kept in all, at some 600 bytes of memory each.
pub const MAX_CLAIMS: usize = 200_000;

/// What was signed, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What was signed, and the signature.
    pub signed: SignedTransition,
    /// What the signature is over.
    pub digest: B256,
    /// The key.
    pub signer: Address,
    /// Unix time of the L1 block that it was seen in, or that was the newest when it was seen, in seconds.
    pub seen_at: u64,
}

/// The signed transitions of one rollup.
#[derive(Clone, Debug)]
pub struct Claims {
    chain_id: u64,
    rollup: Address,
    config_hash: B256,
    inputs: HashMap<B256, Input>,
    /// Inputs with claims that contradict each other, or what execution gives.
    suspects: BTreeSet<B256>,
    count: usize,
}

/// What was signed, and computed, of one input.
#[derive(Clone, Debug, Default)]
struct Input {
    claims: Vec<Claim>,
    /// Digest of what execution gives.
    computed: Option<B256>,
}

/// Why something signed is no claim about this chain.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// It is about another chain, or another configuration of this one.
    #[error("it is for the configuration {given}, this chain has {expected}")]
    OtherChain {
        /// Hash of its configuration.
        given: B256,
        /// Hash of ours.
        expected: B256,
    },
    /// The signature is none.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

impl Claims {
    /// None yet, about the rollup at `rollup` on L1 `chain_id` whose chain has `config_hash`.
    pub fn new(chain_id: u64, rollup: Address, config_hash: B256) -> Self {
        let (inputs, suspects) = (HashMap::new(), BTreeSet::new());
        Self { chain_id, rollup, config_hash, inputs, suspects, count: 0 }
    }

    /// Finds out who signed.
    pub fn recover(&self, signed: SignedTransition, seen_at: u64) -> Result<Claim, ClaimError> {
        let (given, expected) = (signed.config_hash, self.config_hash);
        if given != expected {
            return Err(ClaimError::OtherChain { given, expected });
        }
        let digest = transition::digest(&signed.transition(), self.chain_id, self.rollup);
        let signer = signature::recover(digest, &signed.signature)?;
        Ok(Claim { signed, digest, signer, seen_at })
    }

    /// Adds a claim. Returns whether it says anything new.
    pub fn insert(&mut self, claim: Claim) -> bool {
        let inputs = claim.inputs();
        let input = self.inputs.entry(inputs).or_default();
        let of_signer = || input.claims.iter().filter(|known| known.signer == claim.signer);
        if of_signer().any(|known| known.digest == claim.digest) || of_signer().count() >= 2 {
            return false;
        }
        input.claims.push(claim);
        if input.is_suspect() {
            self.suspects.insert(inputs);
        }
        self.count += 1;
        if self.count > MAX_CLAIMS {
            self.drop_oldest();
        }
        true
    }

    /// Execution gives what has this digest. Has no effect on an input that nobody signed anything about.
    pub fn set_computed(&mut self, inputs: B256, digest: B256) {
        let Some(input) = self.inputs.get_mut(&inputs) else { return };
        input.computed = Some(digest);
        if input.is_suspect() {
            self.suspects.insert(inputs);
        }
    }

    /// Inputs with claims that contradict each other, or what execution gives.
    pub fn suspects(&self) -> impl Iterator<Item = B256> {
        self.suspects.iter().copied()
    }

    /// What was signed about an input.
    pub fn of(&self, inputs: B256) -> &[Claim] {
        self.inputs.get(&inputs).map_or(&[], |input| &input.claims)
    }

    /// What execution gives for an input, if it was executed.
    pub fn computed(&self, inputs: B256) -> Option<B256> {
        self.inputs.get(&inputs)?.computed
    }

    /// Two claims about an input that cannot both be true: by a key that answers for an equivocation, or else by two keys that both
    /// answer in a dispute. One key that signed both goes before two keys: it proves who is guilty. What execution gives comes
    /// first, else the lesser digest, so that the same two always make the same evidence.
    pub fn evidence(
        &self,
        inputs: B256,
        answers_for_equivocation: impl Fn(Address) -> bool,
        answers_in_a_dispute: impl Fn(Address) -> bool,
    ) -> Option<Evidence> {
        let input = self.inputs.get(&inputs)?;
        let mut claims: Vec<&Claim> = input.claims.iter().collect();
        claims.sort_by_key(|claim| (Some(claim.digest) != input.computed, claim.digest, claim.signer));
        let pairs =
            || claims.iter().enumerate().flat_map(|(at, a)| claims.iter().skip(at + 1).map(move |b| (a, b)));
        let contrary = |(a, b): &(&&Claim, &&Claim)| a.digest != b.digest;
        let (a, b) = pairs()
            .filter(contrary)
            .find(|(a, b)| a.signer == b.signer && answers_for_equivocation(a.signer))
            .or_else(|| {
                let answer = |(a, b): &(&&Claim, &&Claim)| {
                    a.signer != b.signer && answers_in_a_dispute(a.signer) && answers_in_a_dispute(b.signer)
                };
                pairs().filter(contrary).find(answer)
            })?;
        let (chain_id, rollup) = (self.chain_id, self.rollup);
        Some(Evidence { chain_id, rollup, a: a.signed.clone(), b: b.signed.clone() })
    }

    /// Forgets claims from before `time` (Unix seconds).
    pub fn prune(&mut self, time: u64) {
        self.retain(|claim| claim.seen_at >= time);
    }

    /// All claims, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Claim> {
        self.inputs.values().flat_map(|input| &input.claims)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Makes room for a tenth more. What is evidence stays.
    fn drop_oldest(&mut self) {
        let mut times: Vec<u64> = self.iter().map(|claim| claim.seen_at).collect();
        let (_, time, _) = times.select_nth_unstable(MAX_CLAIMS / 10);
        let (time, suspects) = (*time, self.suspects.clone());
        self.retain(|claim| claim.seen_at > time || suspects.contains(&claim.inputs()));
        tracing::warn!(left = self.count, "too many signatures: the oldest were forgotten");
    }

    fn retain(&mut self, stays: impl Fn(&Claim) -> bool) {
        self.inputs.retain(|_, input| {
            input.claims.retain(&stays);
            !input.claims.is_empty()
        });
        self.count = self.inputs.values().map(|input| input.claims.len()).sum();
        let inputs = &self.inputs;
        self.suspects.retain(|suspect| inputs.get(suspect).is_some_and(Input::is_suspect));
    }
}

impl Claim {
    /// What it was made from.
    pub fn inputs(&self) -> B256 {
        self.signed.transition().inputs_hash()
    }
}

impl Input {
    fn is_suspect(&self) -> bool {
        let expected = self.computed.or_else(|| self.claims.first().map(|claim| claim.digest));
        self.claims.iter().any(|claim| Some(claim.digest) != expected)
    }
}

#[cfg(test)]
mod tests {
    use executor::transition::Transition;
    use k256::ecdsa::SigningKey;
    use proptest::prelude::*;

    use super::*;
    use crate::evidence::Verdict;

    const CHAIN: u64 = 31337;
    const ROLLUP: Address = Address::repeat_byte(6);
    const CONFIG: B256 = B256::repeat_byte(1);

    fn key(byte: u8) -> SigningKey {
        SigningKey::from_bytes(&[byte + 1; 32].into()).unwrap()
    }

    fn address(byte: u8) -> Address {
        signature::address(key(byte).verifying_key())
    }

    fn transition(input: u8, output: u8) -> Transition {
        Transition {
            configHash: CONFIG,
            parentOutputRoot: B256::repeat_byte(input),
            outputRoot: B256::repeat_byte(output),
            lastL2Block: 12,
            lastL2Timestamp: 13,
            l1OriginNumber: 14,
            l1OriginHash: B256::repeat_byte(4),
            daHash: B256::repeat_byte(5),
        }
    }

    fn digest(transition: &Transition) -> B256 {
        transition::digest(transition, CHAIN, ROLLUP)
    }

    fn signed(signer: u8, input: u8, output: u8) -> SignedTransition {
        let transition = transition(input, output);
        SignedTransition::new(&transition, signature::sign(&key(signer), digest(&transition)))
    }

    fn claims() -> Claims {
        Claims::new(CHAIN, ROLLUP, CONFIG)
    }

    fn add(claims: &mut Claims, signer: u8, input: u8, output: u8, time: u64) -> bool {
        let claim = claims.recover(signed(signer, input, output), time).unwrap();
        assert_eq!(claim.signer, address(signer));
        claims.insert(claim)
    }

    fn inputs(input: u8) -> B256 {
        transition(input, 0).inputs_hash()
    }

    fn verdict(claims: &Claims, input: u8) -> Option<Verdict> {
        claims.evidence(inputs(input), |_| true, |_| true).map(|evidence| evidence.verdict().unwrap())
    }

    #[test]
    fn one_key_goes_before_two_and_what_is_right_comes_first() {
        let mut claims = claims();
        assert!(add(&mut claims, 1, 0, 10, 0));
        assert!(!add(&mut claims, 1, 0, 10, 5), "known");
        assert!(add(&mut claims, 2, 1, 11, 0), "another input");
        assert_eq!((claims.suspects().count(), verdict(&claims, 0)), (0, None));

        add(&mut claims, 2, 0, 20, 0);
        assert_eq!(claims.suspects().collect::<Vec<_>>(), [inputs(0)]);
        for (right, wrong, output) in [(1, 2, 10), (2, 1, 20)] {
            claims.set_computed(inputs(0), digest(&transition(0, output)));
            let expected = Verdict::Dispute { a: address(right), b: address(wrong) };
            assert_eq!(verdict(&claims, 0), Some(expected), "what execution gives comes first");
        }
        add(&mut claims, 3, 0, 30, 0);
        add(&mut claims, 3, 0, 10, 0);
        assert_eq!(verdict(&claims, 0), Some(Verdict::Equivocation { signer: address(3) }));
        // A key that no longer answers is evidence of nothing.
        let others = |signer| signer != address(3);
        let evidence = claims.evidence(inputs(0), others, others).unwrap();
        assert!(matches!(evidence.verdict().unwrap(), Verdict::Dispute { .. }));
        let first = |signer| signer == address(1);
        assert_eq!(claims.evidence(inputs(0), first, first), None);
        // A dispute has revoked all keys: what one of them signed twice counts all the same.
        let evidence = claims.evidence(inputs(0), |_| true, |_| false).unwrap();
        assert_eq!(evidence.verdict().unwrap(), Verdict::Equivocation { signer: address(3) });
    }

    #[test]
    fn what_execution_does_not_give_is_suspect_alone() {
        let mut claims = claims();
        add(&mut claims, 1, 0, 10, 0);
        claims.set_computed(inputs(0), digest(&transition(0, 10)));
        claims.set_computed(inputs(9), B256::ZERO);
        assert_eq!(claims.suspects().count(), 0);
        claims.set_computed(inputs(0), digest(&transition(0, 11)));
        assert_eq!(claims.suspects().count(), 1);
        assert_eq!(verdict(&claims, 0), None);
        claims.prune(1);
        assert_eq!((claims.len(), claims.suspects().count()), (0, 0));
    }

    #[test]
    fn what_is_for_another_chain_or_unsigned_is_no_claim() {
        let claims = claims();
        let other = SignedTransition { config_hash: B256::ZERO, ..signed(1, 0, 1) };
        assert!(matches!(claims.recover(other, 0), Err(ClaimError::OtherChain { .. })));
        let unsigned = SignedTransition { signature: Default::default(), ..signed(1, 0, 1) };
        assert!(matches!(claims.recover(unsigned, 0), Err(ClaimError::Signature(_))));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Against a plain list of all that was added.
        #[test]
        fn evidence_is_found_exactly_when_there_is_some(
            given in prop::collection::vec((0u8..4, 0u8..2, 0u8..3, 0u64..9), 0..16),
            silent in prop::collection::btree_set(0u8..4, 0..3), prune in 0u64..6,
        ) {
            let mut claims = claims();
            let mut plain: Vec<(u8, u8, u8, u64)> = Vec::new();
            for (signer, input, output, time) in given {
                let of_signer: Vec<_> = plain.iter().filter(|p| (p.0, p.1) == (signer, input)).collect();
                let is_new = of_signer.len() < 2 && of_signer.iter().all(|p| p.2 != output);
                prop_assert_eq!(add(&mut claims, signer, input, output, time), is_new);
                if is_new { plain.push((signer, input, output, time)); }
            }
            claims.prune(prune);
            plain.retain(|p| p.3 >= prune);
            prop_assert_eq!(claims.len(), plain.len());
            let silent: Vec<Address> = silent.into_iter().map(address).collect();
            for input in 0..2 {
                let of_input = || plain.iter().filter(|p| p.1 == input && !silent.contains(&address(p.0)));
                let is_twice = of_input().any(|p| of_input().any(|q| p.0 == q.0 && p.2 != q.2));
                let is_contrary = of_input().any(|p| of_input().any(|q| p.2 != q.2));
                let answers = |signer| !silent.contains(&signer);
                let found = claims.evidence(inputs(input), answers, answers);
                prop_assert_eq!(found.is_some(), is_contrary);
                let Some(found) = found else { continue };
                prop_assert_eq!(matches!(found.verdict().unwrap(), Verdict::Equivocation { .. }), is_twice);
                prop_assert!(claims.suspects().any(|suspect| suspect == inputs(input)));
            }
        }
    }
}
