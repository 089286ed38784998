//! How a message becomes bytes: a tag, then the RLP encoding of its fields.

/// A set of messages that one side of a connection sends.
pub trait Message: Sized {
    /// Appends tag and body to `out`.
    fn encode_payload(&self, out: &mut Vec<u8>);
    /// Reads what [`Message::encode_payload`] wrote. Exactly one encoding of a message is accepted.
    fn decode_payload(payload: &[u8]) -> Result<Self, MessageError>;
}

/// Why bytes are not a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// The payload has no tag.
    #[error("the frame is empty")]
    Empty,
    /// No message of this direction has the tag.
    #[error("unknown message tag {0:#04x}")]
    UnknownTag(u8),
    /// The body is not the canonical encoding of that message.
    #[error("malformed body of message {tag:#04x}: {reason}")]
    Body {
        /// Tag of the message.
        tag: u8,
        /// What is wrong.
        reason: alloy_rlp::Error,
    },
}

/// Defines an enum of messages with their tags, and its [`Message`] implementation.
macro_rules! messages {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $tag:literal => $variant:ident,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$doc])* $variant($variant),)+
        }

        impl $crate::message::Message for $name {
            fn encode_payload(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant(body) => {
                        out.push($tag);
                        alloy_rlp::Encodable::encode(body, out);
                    })+
                }
            }

            fn decode_payload(payload: &[u8]) -> Result<Self, $crate::message::MessageError> {
                let (&tag, body) =
                    payload.split_first().ok_or($crate::message::MessageError::Empty)?;
                match tag {
                    $($tag => alloy_rlp::decode_exact(body)
                        .map(Self::$variant)
                        .map_err(|reason| $crate::message::MessageError::Body { tag, reason }),)+
                    _ => Err($crate::message::MessageError::UnknownTag(tag)),
                }
            }
        }

        $(impl From<$variant> for $name {
            fn from(body: $variant) -> Self {
                Self::$variant(body)
            }
        })+
    };
}
pub(crate) use messages;
