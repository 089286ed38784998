//! What tokens refuse with.

use alloy::{sol, sol_types::SolInterface};

sol! {
    /// What tokens made with OpenZeppelin's and with solady's contracts refuse with.
    #[derive(Debug)]
    interface TokenRefusals {
        error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed);
        error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed);
        error ERC20InvalidReceiver(address receiver);
        error SafeERC20FailedOperation(address token);
        error InsufficientBalance();
        error InsufficientAllowance();
        error TransferFromFailed();
        error ApproveFailed();
    }
}

/// What `data` means, if it is an error of theirs.
pub(super) fn explain(data: &[u8]) -> Option<String> {
    TokenRefusals::TokenRefusalsErrors::abi_decode_validate(data).map(|error| token(&error)).ok()
}

fn token(error: &TokenRefusals::TokenRefusalsErrors) -> String {
    use TokenRefusals::TokenRefusalsErrors as E;
    match error {
        E::ERC20InsufficientBalance(e) => {
            format!("{} has {} units of the token, {} are needed", e.sender, e.balance, e.needed)
        }
        E::ERC20InsufficientAllowance(e) => {
            format!("{} may take {} units of the token, {} are needed", e.spender, e.allowance, e.needed)
        }
        E::ERC20InvalidReceiver(e) => format!("the token cannot be sent to {}", e.receiver),
        E::SafeERC20FailedOperation(e) => format!("token {} refused", e.token),
        E::InsufficientBalance(_) => "the account has less of the token than it wants to move".into(),
        E::InsufficientAllowance(_) => "the token's owner has not allowed that much".into(),
        E::TransferFromFailed(_) => "the token cannot be taken from the account".into(),
        E::ApproveFailed(_) => "the token refuses the allowance".into(),
    }
}
