//! What was signed, so that nothing contrary ever is.

use std::collections::HashMap;

use alloy_primitives::B256;
use executor::transition::Transition;

/// Transitions that a key may sign in its life: 64 bytes of memory each. A key lives at most a
/// week, so this is more than one every second.
pub const CAPACITY: usize = 1 << 20;

/// Remembers every signed transition by what it was made from.
///
/// Execution is deterministic, so for one (config, parent, data, origin) there is one output. This is
/// the second line of defence: should execution ever give another output for the same inputs, the
/// contrary signature, which would be slashed, is not made. Nothing is ever forgotten.
#[derive(Debug, Default)]
pub struct Outputs {
    signed: HashMap<B256, B256>,
}

/// Why a transition must not be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// Another output was signed for the same inputs.
    #[error("digest {wanted} contradicts {signed}, which was signed for the same parent, data and origin")]
    Conflict {
        /// Digest of the transition at hand.
        wanted: B256,
        /// Digest that was signed before.
        signed: B256,
    },
    /// The memory is full. A restart makes a new key with an empty memory.
    #[error("this key has signed {CAPACITY} transitions and signs no more")]
    Full,
}

impl Outputs {
    /// Takes note that `transition`, with this digest, is about to be signed.
    pub fn admit(&mut self, transition: &Transition, digest: B256) -> Result<(), OutputError> {
        let inputs = transition.inputs_hash();
        match self.signed.get(&inputs) {
            Some(signed) if *signed == digest => Ok(()),
            Some(signed) => Err(OutputError::Conflict { wanted: digest, signed: *signed }),
            None if self.signed.len() >= CAPACITY => Err(OutputError::Full),
            None => {
                self.signed.insert(inputs, digest);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use executor::transition::digest;

    use super::*;

    fn transition(inputs: [u8; 4], output: u8) -> Transition {
        let [config, parent, data, origin] = inputs.map(B256::repeat_byte);
        Transition {
            configHash: config,
            parentOutputRoot: parent,
            outputRoot: B256::repeat_byte(output),
            lastL2Block: 1,
            lastL2Timestamp: 2,
            l1OriginNumber: 3,
            l1OriginHash: origin,
            daHash: data,
        }
    }

    #[test]
    fn a_second_output_for_the_same_inputs_is_refused() {
        let mut outputs = Outputs::default();
        let mut admit = |transition: &Transition| {
            outputs.admit(transition, digest(transition, 1, alloy_primitives::Address::ZERO))
        };
        let first = transition([1, 2, 3, 4], 5);
        assert_eq!(admit(&first), Ok(()));
        assert_eq!(admit(&first), Ok(()), "the same again is fine");
        for changed in [
            transition([1, 2, 3, 4], 6),
            Transition { lastL2Block: 9, ..first.clone() },
            Transition { lastL2Timestamp: 9, ..first.clone() },
            Transition { l1OriginNumber: 9, ..first.clone() },
        ] {
            assert!(matches!(admit(&changed), Err(OutputError::Conflict { .. })), "{changed:?}");
        }
        for other in [[9, 2, 3, 4], [1, 9, 3, 4], [1, 2, 9, 4], [1, 2, 3, 9]] {
            assert_eq!(admit(&transition(other, 6)), Ok(()), "other inputs may have another output");
        }
        assert_eq!(admit(&first), Ok(()));
    }

    #[test]
    fn a_full_memory_signs_only_what_it_knows() {
        let mut outputs = Outputs::default();
        let known = transition([0; 4], 0);
        outputs.admit(&known, B256::ZERO).unwrap();
        for number in 1..CAPACITY {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&number.to_le_bytes());
            outputs.signed.insert(key.into(), B256::ZERO);
        }
        assert_eq!(outputs.admit(&transition([1; 4], 0), B256::ZERO), Err(OutputError::Full));
        assert_eq!(outputs.admit(&known, B256::ZERO), Ok(()));
    }
}
