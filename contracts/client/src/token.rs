//! What is asked of tokens.

use alloy::sol;

sol! {
    /// ERC-20, as far as it is used.
    interface Token {
        function symbol() external view returns (string);
        function decimals() external view returns (uint8);
        function balanceOf(address account) external view returns (uint256);
        function allowance(address owner, address spender) external view returns (uint256);
        function approve(address spender, uint256 amount) external;
    }
}
