//! How an operation is called on the contracts, and what a refusal looks like there.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolError, sol};
use contracts_bindings::{
    IConflictListener, IEmissionController, IFaultCourt, IOperatorPool, IProverBonds, IProverRewards, IVPHA,
};
use staking_model::{Class, Contracts, Operation, Refusal};

sol! {
    /// PHA and vPHA alike (ERC-20).
    interface Token {
        function balanceOf(address owner) external view returns (uint256);
        function allowance(address owner, address spender) external view returns (uint256);
        function totalSupply() external view returns (uint256);
        function transfer(address to, uint256 amount) external returns (bool);
        function transferFrom(address from, address to, uint256 amount) external returns (bool);
        function approve(address spender, uint256 amount) external returns (bool);
        error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed);
        error ERC20InvalidReceiver(address receiver);
    }

    /// What solady's tokens and libraries have beside.
    interface Solady {
        function delegate(address delegatee) external;
        function delegates(address owner) external view returns (address);
        function getVotes(address account) external view returns (uint256);
        function getPastVotes(address account, uint256 timepoint) external view returns (uint256);
        function getVotesTotalSupply() external view returns (uint256);
        error ERC5805FutureLookup();
        error InsufficientBalance();
        error InsufficientAllowance();
        error TransferFailed();
        error TransferFromFailed();
        error Overflow();
    }

    interface Tickets {
        error TooManyTickets(uint256 open);
        error NoSuchTicket(uint256 id);
        error TicketLocked(uint256 id, uint256 unlockAt);
    }

    /// contracts/src/staking/Bond.sol
    interface Bonds {
        error DoesNotFit(uint256 value, uint256 bits);
    }

    /// contracts/test/staking/TestRollup.sol
    interface TestRollup {
        function batchCount() external view returns (uint256);
        function recordedFinalizedIndex() external view returns (uint256);
        function submit(address[] calldata operators) external returns (uint256 index);
        function addProofs(uint256 index, address[] calldata operators) external;
        function finalize(uint256 index) external;
        function discard(uint256 keepThrough) external;
        function reportEquivocation(address operator, bytes32 evidence, address reporter) external;
        function reportDispute(address operatorA, address operatorB, bytes32 evidence, address reporter) external;
    }

    /// Of the language: 0x11 is arithmetic beyond a width.
    error Panic(uint256 code);
}

/// What a function returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Returns {
    Nothing,
    /// The boolean of ERC-20.
    True,
    Number,
}

/// A call, and what it returns.
pub(crate) struct Call {
    pub(crate) caller: Address,
    pub(crate) to: Address,
    pub(crate) input: Vec<u8>,
    pub(crate) returns: Returns,
}

/// Somebody, where it does not matter who.
const ANYBODY: Address = Address::repeat_byte(0xaa);

pub(crate) fn class(class: &Class) -> IOperatorPool::Class {
    IOperatorPool::Class { minBond: class.min_bond, bondPerBatch: class.bond_per_batch, weight: class.weight }
}

pub(crate) fn call_of(operation: &Operation, at: &Contracts) -> Call {
    use Returns::{Nothing, Number, True};
    let call = |caller: &Address, to, input, returns| Call { caller: *caller, to, input, returns };
    let any = &ANYBODY;
    match operation.clone() {
        Operation::SendPha { by, to, amount } => {
            call(&by, at.pha, Token::transferCall { to, amount }.abi_encode(), True)
        }
        Operation::ApprovePha { by, spender, amount } => {
            call(&by, at.pha, Token::approveCall { spender, amount }.abi_encode(), True)
        }
        Operation::Deposit { by, assets, receiver } => {
            call(&by, at.vpha, IVPHA::depositCall { assets, receiver }.abi_encode(), Number)
        }
        Operation::Mint { by, shares, receiver } => {
            call(&by, at.vpha, IVPHA::mintCall { shares, receiver }.abi_encode(), Number)
        }
        Operation::RequestUnstake { by, shares } => {
            call(&by, at.vpha, IVPHA::requestUnstakeCall { shares }.abi_encode(), Number)
        }
        Operation::Cancel { by, id } => call(&by, at.vpha, IVPHA::cancelCall { id }.abi_encode(), Number),
        Operation::Claim { by, id } => call(&by, at.vpha, IVPHA::claimCall { id }.abi_encode(), Number),
        Operation::Accrue => call(any, at.vpha, IVPHA::accrueCall {}.abi_encode(), Nothing),
        Operation::NotifyStakers { by, assets } => {
            call(&by, at.vpha, IVPHA::notifyRewardCall { assets }.abi_encode(), Nothing)
        }
        Operation::Seize { by, shares, to } => {
            call(&by, at.vpha, IVPHA::seizeCall { shares, to }.abi_encode(), Number)
        }
        Operation::Pause { by } => call(&by, at.vpha, IVPHA::pauseCall {}.abi_encode(), Nothing),
        Operation::Unpause { by } => call(&by, at.vpha, IVPHA::unpauseCall {}.abi_encode(), Nothing),
        Operation::Send { by, to, amount } => {
            call(&by, at.vpha, Token::transferCall { to, amount }.abi_encode(), True)
        }
        Operation::SendFrom { by, from, to, amount } => {
            call(&by, at.vpha, Token::transferFromCall { from, to, amount }.abi_encode(), True)
        }
        Operation::Approve { by, spender, amount } => {
            call(&by, at.vpha, Token::approveCall { spender, amount }.abi_encode(), True)
        }
        Operation::Delegate { by, to } => {
            call(&by, at.vpha, Solady::delegateCall { delegatee: to }.abi_encode(), Nothing)
        }
        Operation::PastVotes { of, at: time } => {
            let timepoint = U256::from(time);
            call(any, at.vpha, Solady::getPastVotesCall { account: of, timepoint }.abi_encode(), Number)
        }
        Operation::PastTotal { at: time } => {
            let timepoint = U256::from(time);
            call(any, at.vpha, IVPHA::getPastTotalSupplyCall { timepoint }.abi_encode(), Number)
        }
        Operation::CreatePool { by, class } => {
            call(&by, at.pool, IOperatorPool::createPoolCall { class_: class }.abi_encode(), Nothing)
        }
        Operation::Bond { by, amount } => {
            call(&by, at.pool, IOperatorPool::bondCall { amount }.abi_encode(), Number)
        }
        Operation::Thaw { by, shares } => {
            call(&by, at.pool, IOperatorPool::thawCall { shares }.abi_encode(), Number)
        }
        Operation::Finish { by, id } => {
            call(&by, at.pool, IOperatorPool::finishCall { id }.abi_encode(), Number)
        }
        Operation::SettlePool { operator } => {
            call(any, at.pool, IOperatorPool::settleCall { operator }.abi_encode(), Number)
        }
        Operation::Slash { by, operator, amount } => {
            call(&by, at.pool, IOperatorPool::slashCall { operator, amount }.abi_encode(), Number)
        }
        Operation::ReserveForCase { by, operator, amount } => {
            call(&by, at.pool, IOperatorPool::reserveForCaseCall { operator, amount }.abi_encode(), Nothing)
        }
        Operation::ReleaseFromCase { by, operator, amount } => {
            call(&by, at.pool, IOperatorPool::releaseFromCaseCall { operator, amount }.abi_encode(), Nothing)
        }
        Operation::PayOut { by, amount, to } => {
            call(&by, at.pool, IOperatorPool::payOutCall { amount, to }.abi_encode(), Number)
        }
        Operation::SetClass { by, number, class: parameters } => {
            let input = IOperatorPool::setClassCall { number, parameters: class(&parameters) };
            call(&by, at.pool, input.abi_encode(), Nothing)
        }
        Operation::Reserve { by, operators, batch, finalized } => {
            let input = IProverBonds::reserveCall {
                operators,
                batchIndex: U256::from(batch),
                finalizedIndex: U256::from(finalized),
            };
            call(&by, at.pool, input.abi_encode(), Nothing)
        }
        Operation::Submit { operators } => {
            call(any, at.rollup, TestRollup::submitCall { operators }.abi_encode(), Number)
        }
        Operation::AddProofs { batch, operators } => {
            let index = U256::from(batch);
            call(any, at.rollup, TestRollup::addProofsCall { index, operators }.abi_encode(), Nothing)
        }
        Operation::Finalize { batch } => {
            let index = U256::from(batch);
            call(any, at.rollup, TestRollup::finalizeCall { index }.abi_encode(), Nothing)
        }
        Operation::Discard { keep } => {
            let keep_through = U256::from(keep);
            call(any, at.rollup, TestRollup::discardCall { keepThrough: keep_through }.abi_encode(), Nothing)
        }
        Operation::Equivocation { by, operator, evidence, reporter } if by == at.rollup => {
            let input = TestRollup::reportEquivocationCall { operator, evidence, reporter };
            call(any, at.rollup, input.abi_encode(), Nothing)
        }
        Operation::Equivocation { by, operator, evidence, reporter } => {
            let input = IConflictListener::onEquivocationCall { operator, evidence, reporter };
            call(&by, at.court, input.abi_encode(), Nothing)
        }
        Operation::Dispute { by, operators: (first, second), evidence, reporter } if by == at.rollup => {
            let input =
                TestRollup::reportDisputeCall { operatorA: first, operatorB: second, evidence, reporter };
            call(any, at.rollup, input.abi_encode(), Nothing)
        }
        Operation::Dispute { by, operators: (first, second), evidence, reporter } => {
            let input =
                IConflictListener::onDisputeCall { operatorA: first, operatorB: second, evidence, reporter };
            call(&by, at.court, input.abi_encode(), Nothing)
        }
        Operation::MissedSlot { by, operator, evidence, payee } => {
            let input = IFaultCourt::onMissedSlotCall { operator, evidence, payee };
            call(&by, at.court, input.abi_encode(), Number)
        }
        Operation::Uphold { by, id } => {
            call(&by, at.court, IFaultCourt::upholdCall { id }.abi_encode(), Nothing)
        }
        Operation::Dismiss { by, id } => {
            call(&by, at.court, IFaultCourt::dismissCall { id }.abi_encode(), Nothing)
        }
        Operation::Veto { by, id } => call(&by, at.court, IFaultCourt::vetoCall { id }.abi_encode(), Nothing),
        Operation::Execute { id } => {
            call(any, at.court, IFaultCourt::executeCall { id }.abi_encode(), Number)
        }
        Operation::SettleCase { id } => {
            call(any, at.court, IFaultCourt::settleCall { id }.abi_encode(), Nothing)
        }
        Operation::Expire { id } => call(any, at.court, IFaultCourt::expireCall { id }.abi_encode(), Nothing),
        Operation::SetSlots { by, scheduler, slot_bond } => {
            let input = IFaultCourt::setSlotsCall { scheduler, slotBond: slot_bond };
            call(&by, at.court, input.abi_encode(), Nothing)
        }
        Operation::NotifyProvers { by, assets } => {
            call(&by, at.rewards, IProverRewards::notifyRewardCall { assets }.abi_encode(), Nothing)
        }
        Operation::ClaimReward { operator } => {
            call(any, at.rewards, IProverRewards::claimCall { operator }.abi_encode(), Number)
        }
        Operation::SettleReward { operator } => {
            call(any, at.rewards, IProverRewards::settleCall { operator }.abi_encode(), Nothing)
        }
        Operation::SetRewardRate { by, rate } => call(
            &by,
            at.rewards,
            IProverRewards::setRewardRateCall { rewardRate: rate }.abi_encode(),
            Nothing,
        ),
        Operation::Distribute { most } => {
            call(any, at.emission, IEmissionController::distributeCall { maxDays: most }.abi_encode(), Number)
        }
        Operation::SetTreasury { by, to } => call(
            &by,
            at.emission,
            IEmissionController::setTreasuryCall { treasury: to }.abi_encode(),
            Nothing,
        ),
    }
}

/// The selector of the error that the contracts revert with.
pub(crate) fn selector_of(refusal: Refusal) -> [u8; 4] {
    match refusal {
        Refusal::NotAllowed => IVPHA::NotAllowed::SELECTOR,
        Refusal::Arithmetic => Panic::SELECTOR,
        Refusal::TooWide => Solady::Overflow::SELECTOR,
        Refusal::TooLittlePha => Token::ERC20InsufficientBalance::SELECTOR,
        Refusal::InvalidReceiver => Token::ERC20InvalidReceiver::SELECTOR,
        Refusal::InsufficientBalance => Solady::InsufficientBalance::SELECTOR,
        Refusal::InsufficientAllowance => Solady::InsufficientAllowance::SELECTOR,
        Refusal::TransferFailed => Solady::TransferFailed::SELECTOR,
        Refusal::TransferFromFailed => Solady::TransferFromFailed::SELECTOR,
        Refusal::DepositsPaused => IVPHA::DepositsPaused::SELECTOR,
        Refusal::NothingMoved => IVPHA::NothingMoved::SELECTOR,
        Refusal::RewardTooSmall => IVPHA::RewardTooSmall::SELECTOR,
        Refusal::ZeroReceiver => IVPHA::ZeroReceiver::SELECTOR,
        Refusal::FutureLookup => Solady::ERC5805FutureLookup::SELECTOR,
        Refusal::TooManyTickets => Tickets::TooManyTickets::SELECTOR,
        Refusal::NoSuchTicket => Tickets::NoSuchTicket::SELECTOR,
        Refusal::TicketLocked => Tickets::TicketLocked::SELECTOR,
        Refusal::NoSuchClass => IOperatorPool::NoSuchClass::SELECTOR,
        Refusal::InvalidClass => IOperatorPool::InvalidClass::SELECTOR,
        Refusal::PoolExists => IOperatorPool::PoolExists::SELECTOR,
        Refusal::NoPool => IOperatorPool::NoPool::SELECTOR,
        Refusal::PoolIsClosed => IOperatorPool::PoolIsClosed::SELECTOR,
        Refusal::NotEnoughShares => IOperatorPool::NotEnoughShares::SELECTOR,
        Refusal::DoesNotFit => Bonds::DoesNotFit::SELECTOR,
        Refusal::Exposed => IOperatorPool::Exposed::SELECTOR,
        Refusal::ReservedByCases => IOperatorPool::ReservedByCases::SELECTOR,
        Refusal::NotEligible => IProverBonds::NotEligible::SELECTOR,
        Refusal::BondExhausted => IProverBonds::BondExhausted::SELECTOR,
        Refusal::WrongStatus => IFaultCourt::WrongStatus::SELECTOR,
        Refusal::NotYet => IFaultCourt::NotYet::SELECTOR,
        Refusal::TooLate => IFaultCourt::TooLate::SELECTOR,
        Refusal::AlreadyReported => IFaultCourt::AlreadyReported::SELECTOR,
        Refusal::OutOfBounds => IFaultCourt::OutOfBounds::SELECTOR,
        Refusal::NothingToDistribute => IEmissionController::NothingToDistribute::SELECTOR,
        Refusal::InvalidConfig => IEmissionController::InvalidConfig::SELECTOR,
        _ => panic!("no contract refuses like this: {refusal}"),
    }
}
