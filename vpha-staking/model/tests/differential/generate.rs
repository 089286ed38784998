//! Random steps, drawn to where rules change: nothing, one wei, all, more than all, full books, deadlines to the second.

use alloy_primitives::{Address, B256, U256};
use proptest::{
    prelude::{Rng, RngExt},
    test_runner::{RngAlgorithm, TestRng},
};
use staking_model::{Book, Case, Class, Delays, Operation, Pool, Roles, Setting, Status, World, ether};

use crate::{deployment::users, machine::DEPLOYER, trial::Step};

/// Users that act at one time.
const WINDOW: usize = 6;

/// Draws the steps of one trial.
pub(crate) struct Generator {
    rng: TestRng,
    users: Vec<Address>,
    /// The first user that acts. It rises when pools are closed for good.
    first: usize,
    /// One user does one thing again and again in one block, to fill a book.
    burst: Option<(Address, bool, u32)>,
    /// Court and emission controller are impersonated, too: any slash, any reward.
    direct: bool,
    evidence: u64,
}

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let direct = rng.random_bool(0.5);
        Self { rng, users: users(), first: 0, burst: None, direct, evidence: 0 }
    }

    /// What staking is deployed with: production's numbers, a devnet's delays, emission of next to nothing.
    pub(crate) fn setting(&mut self) -> Setting {
        let [timelock, council, treasury] = [1, 2, 3].map(Address::repeat_byte);
        let mut setting = Setting { roles: Roles { timelock, council, treasury }, ..Setting::default() };
        if self.rng.random_bool(0.3) {
            setting.delays = Delays {
                unstake: 60,
                exit: 126,
                case: 42,
                veto: 18,
                margin: 24,
                // The least that vPHA takes.
                ..setting.delays
            };
        }
        setting.initial_daily = match self.rng.random_range(0..10) {
            0 => U256::from(self.rng.random_range(1..4_000_000_u64)),
            1 => ether(200_000_000),
            _ => setting.initial_daily,
        };
        setting
    }

    /// The steps that a trial starts with: PHA, allowances, pools.
    pub(crate) fn opening(&mut self, setting: &Setting) -> Vec<Step> {
        let mut operations = Vec::new();
        let endowment = if self.rng.random_bool(0.2) { ether(3_000_000) } else { ether(700_000_000) };
        operations.push(Operation::SendPha { by: DEPLOYER, to: setting.at.emission, amount: endowment });
        for user in self.users.clone() {
            let amount = if self.rng.random_bool(0.1) { U256::from(100) } else { ether(100_000) };
            operations.push(Operation::SendPha { by: DEPLOYER, to: user, amount });
            operations.push(Operation::ApprovePha { by: user, spender: setting.at.vpha, amount: U256::MAX });
            operations.push(Operation::Approve { by: user, spender: setting.at.pool, amount: U256::MAX });
            if self.rng.random_bool(0.7) {
                let (assets, receiver) = (amount / U256::from(3), user);
                operations.push(Operation::Deposit { by: user, assets, receiver });
                operations.push(Operation::CreatePool { by: user, class: U256::ONE });
                operations.push(Operation::Bond { by: user, amount: ether(2000) });
            }
        }
        let (by, scheduler) = (setting.roles.timelock, self.users[0]);
        operations.push(Operation::SetSlots { by, scheduler, slot_bond: ether(40) });
        operations.into_iter().map(|operation| Step { wait: 0, operation }).collect()
    }

    /// The next step.
    pub(crate) fn next(&mut self, world: &World) -> Step {
        if let Some((by, thaw, left)) = self.burst {
            self.burst = (left > 1).then_some((by, thaw, left - 1));
            let operation = if thaw {
                Operation::Thaw { by, shares: shares_of(world, by) / U256::from(1000) }
            } else {
                Operation::RequestUnstake { by, shares: world.vpha.shares.balance(by) / U256::from(1000) }
            };
            return Step { wait: 0, operation };
        }
        if self.rng.random_bool(0.002) {
            self.burst = Some((self.user(), self.rng.random_bool(0.5), 36));
        }
        let closed = |user: &Address| world.pools.of.get(user).is_some_and(|pool| pool.closed);
        let acting = &self.users[self.first..self.first + WINDOW];
        if self.first + WINDOW < self.users.len() && acting.iter().filter(|user| closed(user)).count() > 1 {
            self.first += 1;
        }
        Step { wait: self.wait(world), operation: self.operation(world) }
    }

    /// Mostly none, or little beside the delays; sometimes to the second at which something changes.
    fn wait(&mut self, world: &World) -> u64 {
        let exit = world.setting.delays.exit;
        match self.rng.random_range(0..1000) {
            0..500 => 0,
            500..700 => self.rng.random_range(1..15),
            700..900 => self.rng.random_range(0..=exit / 500),
            900..960 => self.rng.random_range(0..=exit / 60),
            960..964 => self.rng.random_range(0..=exit / 4),
            964..965 => self.rng.random_range(0..=400 * 86_400),
            _ => self.until_something(world),
        }
    }

    /// Seconds until a ticket unlocks, a case's time comes or a day is over: less one, or not.
    fn until_something(&mut self, world: &World) -> u64 {
        let user = self.user();
        let tickets = world.vpha.books.get(&user).into_iter();
        let exits = world.pools.of.get(&user).map(|pool| &pool.exits).into_iter();
        let unlocks = tickets.chain(exits).flat_map(Book::open).map(|ticket| ticket.unlock_at);
        let cases =
            world.court.cases.iter().rev().take(6).flat_map(|case| [case.executable_from, case.deadline]);
        let day = world.setting.start + (world.emission.today(world.now) + 1) * 86_400;
        let times: Vec<_> = unlocks.chain(cases).chain([day]).filter(|time| *time > world.now).collect();
        // Mostly the next one: what comes later would find all others over.
        let next = times.iter().copied().min().filter(|_| self.rng.random_bool(0.8));
        let time = next.unwrap_or_else(|| times[self.rng.random_range(0..times.len())]);
        time - world.now - self.rng.random_range(0..2)
    }

    fn operation(&mut self, world: &World) -> Operation {
        let (by, to) = (self.user(), self.user());
        let (at, roles) = (world.setting.at, world.setting.roles);
        let vpha = &world.vpha;
        let shares = vpha.shares.balance(by);
        match self.rng.random_range(0..1000) {
            0..20 => Operation::SendPha {
                by,
                to: self.receiver(world),
                amount: self.amount(world.pha.balance(by)),
            },
            20..32 => {
                let (spender, amount) = (at.vpha, self.allowance(world.pha.balance(by)));
                // An allowance of the emission controller lets strangers' rewards be tried.
                let owner = if self.direct && self.rng.random_bool(0.3) { at.emission } else { by };
                Operation::ApprovePha { by: owner, spender: self.either(spender, at.rewards, 0.2), amount }
            }
            32..110 => {
                let (assets, receiver) = (self.amount(world.pha.balance(by)), self.receiver(world));
                Operation::Deposit { by, assets, receiver }
            }
            110..150 => {
                let most = vpha.shares_for(world.pha.balance(by));
                Operation::Mint { by, shares: self.amount(most), receiver: self.receiver(world) }
            }
            150..210 => Operation::RequestUnstake { by, shares: self.amount(shares) },
            210..240 => Operation::Cancel { by, id: self.ticket(vpha.books.get(&by)) },
            240..290 => Operation::Claim { by, id: self.ticket(vpha.books.get(&by)) },
            290..295 => Operation::Accrue,
            295..303 => {
                let (by, assets) = (self.impersonated(at.emission, by), self.amount(ether(1000)));
                Operation::NotifyStakers { by, assets }
            }
            303..308 => Operation::Seize { by, shares: self.amount(shares), to },
            308..310 => Operation::Pause { by: self.mostly(roles.council, by) },
            310..322 => Operation::Unpause { by: self.mostly(roles.timelock, by) },
            322..350 => Operation::Send { by, to: self.receiver(world), amount: self.amount(shares) },
            350..370 => {
                let to = self.receiver(world);
                Operation::SendFrom { by: to, from: by, to, amount: self.amount(shares) }
            }
            370..385 => Operation::Approve {
                by,
                spender: self.either(at.pool, to, 0.5),
                amount: self.allowance(shares),
            },
            385..405 => Operation::Delegate { by, to: self.receiver(world) },
            405..425 => Operation::PastVotes { of: to, at: self.past(world, to) },
            425..435 => Operation::PastTotal { at: self.past(world, to) },

            435..450 => {
                Operation::CreatePool { by, class: U256::from([1, 1, 1, 2, 0, 5, 40][self.below(7)]) }
            }
            450..500 => Operation::Bond { by, amount: self.bond(world, by, shares) },
            500..550 => Operation::Thaw { by, shares: self.amount(shares_of(world, by)) },
            550..600 => {
                Operation::Finish { by, id: self.ticket(world.pools.of.get(&by).map(|pool| &pool.exits)) }
            }
            600..610 => Operation::SettlePool { operator: by },
            610..622 => {
                let all = world.pools.slashable(to);
                Operation::Slash {
                    by: self.impersonated(at.court, by),
                    operator: to,
                    amount: self.amount(all),
                }
            }
            622..626 => {
                let amount = self.amount(world.pools.slashable(to));
                Operation::ReserveForCase { by: self.impersonated(at.court, by), operator: to, amount }
            }
            626..632 => {
                let reserved = world.pools.of.get(&to).map(|pool| pool.reserved).unwrap_or_default();
                let amount = self.amount(reserved);
                Operation::ReleaseFromCase { by: self.impersonated(at.court, by), operator: to, amount }
            }
            632..640 => {
                let (amount, to) = (self.amount(world.pools.unpaid), self.receiver(world));
                Operation::PayOut { by: self.impersonated(at.court, by), amount, to }
            }
            640..648 => {
                let number =
                    U256::from([1, 1, 1, 1, 2, 3, 5, 0, 33, world.pools.classes.len() + 1][self.below(10)]);
                Operation::SetClass { by: self.mostly(roles.timelock, by), number, class: self.class() }
            }
            648..652 => {
                let operators = self.operators(world);
                Operation::Reserve { by, operators, batch: world.batches + 1, finalized: world.finalized }
            }

            652..712 => Operation::Submit { operators: self.operators(world) },
            712..742 => {
                let batch = world.batches + 1 - self.rng.random_range(0..4).min(world.batches);
                Operation::AddProofs { batch, operators: self.operators(world) }
            }
            742..782 => {
                let waiting = world.batches.saturating_sub(world.finalized);
                Operation::Finalize { batch: world.finalized + self.rng.random_range(0..=waiting + 1) }
            }
            782..787 => {
                let waiting = world.batches.saturating_sub(world.finalized);
                Operation::Discard { keep: world.finalized + self.rng.random_range(0..=waiting) }
            }

            787..790 => {
                let by = self.mostly(at.rollup, by);
                Operation::Equivocation {
                    by,
                    operator: to,
                    evidence: self.evidence(),
                    reporter: self.receiver(world),
                }
            }
            790..802 => {
                let (operators, evidence) = ((to, self.user()), self.evidence());
                let (by, reporter) = (self.mostly(at.rollup, by), self.receiver(world));
                Operation::Dispute { by, operators, evidence, reporter }
            }
            802..817 => {
                let evidence = if self.rng.random_bool(0.1) { self.last_evidence() } else { self.evidence() };
                let by = self.mostly(world.court.scheduler, by);
                Operation::MissedSlot { by, operator: to, evidence, payee: self.receiver(world) }
            }
            817..829 => {
                let id = self.case(world, |case| case.status == Status::Open && world.now < case.deadline);
                Operation::Uphold { by: self.mostly(roles.timelock, by), id }
            }
            829..835 => {
                let id = self.case(world, |case| case.status == Status::Open && world.now < case.deadline);
                Operation::Dismiss { by: self.mostly(roles.timelock, by), id }
            }
            835..841 => {
                let id = self
                    .case(world, |case| case.status == Status::Upheld && world.now < case.executable_from);
                Operation::Veto { by: self.mostly(roles.council, by), id }
            }
            841..869 => {
                let due = |case: &Case| (case.executable_from..case.deadline).contains(&world.now);
                Operation::Execute { id: self.case(world, |case| case.status == Status::Upheld && due(case)) }
            }
            869..889 => {
                Operation::SettleCase { id: self.case(world, |case| case.status == Status::Executed) }
            }
            889..904 => {
                Operation::Expire { id: self.case(world, |case| case.holds() && world.now >= case.deadline) }
            }
            904..912 => {
                let slot_bond = self.slot_bond(world, to);
                Operation::SetSlots {
                    by: self.mostly(roles.timelock, by),
                    scheduler: self.users[0],
                    slot_bond,
                }
            }

            912..918 => {
                let (by, assets) = (self.impersonated(at.emission, by), self.amount(ether(1000)));
                Operation::NotifyProvers { by, assets }
            }
            918..943 => Operation::ClaimReward { operator: by },
            943..953 => Operation::SettleReward { operator: by },
            953..957 => {
                let rate = self.amount(ether(1));
                Operation::SetRewardRate { by: self.mostly(roles.timelock, by), rate }
            }
            957..996 => {
                // As many days at once as L1's gas allows.
                Operation::Distribute { most: U256::from([0, 1, 2, 30, 1000][self.below(5)]) }
            }
            _ => Operation::SetTreasury { by: self.mostly(roles.timelock, by), to: self.receiver(world) },
        }
    }

    fn below(&mut self, end: usize) -> usize {
        self.rng.random_range(0..end)
    }

    fn user(&mut self) -> Address {
        let place = self.first + self.below(WINDOW);
        self.users[place]
    }

    /// A user; now and then nobody, or a contract to which something is sent by mistake.
    fn receiver(&mut self, world: &World) -> Address {
        match self.below(50) {
            0 => Address::ZERO,
            1 => world.setting.at.vpha,
            2 => world.setting.at.pool,
            _ => self.user(),
        }
    }

    fn either(&mut self, one: Address, other: Address, probability: f64) -> Address {
        if self.rng.random_bool(probability) { other } else { one }
    }

    /// Who may, or now and then somebody else.
    fn mostly(&mut self, allowed: Address, other: Address) -> Address {
        self.either(allowed, other, 0.1)
    }

    /// A contract in whose name somebody acts, where that is played; or somebody.
    fn impersonated(&mut self, contract: Address, other: Address) -> Address {
        if self.direct { self.mostly(contract, other) } else { other }
    }

    /// Up to `most`, and beyond.
    fn amount(&mut self, most: U256) -> U256 {
        let one = U256::ONE;
        match self.rng.random_range(0..100) {
            0..3 => U256::ZERO,
            3..8 => one,
            8..18 => most,
            18..21 => most.saturating_add(one),
            21..25 => most.saturating_sub(one),
            25..33 => U256::from(self.rng.random_range(0..100_u64)),
            33..34 => U256::MAX,
            34..35 => (one << 96) - one,
            35..36 => one << self.rng.random_range(88..256_usize),
            36..60 => self.fraction(most / U256::from(1000)),
            _ => self.fraction(most),
        }
    }

    fn fraction(&mut self, most: U256) -> U256 {
        staking_model::part(most, U256::from(self.rng.next_u64()), U256::from(u64::MAX))
    }

    fn allowance(&mut self, most: U256) -> U256 {
        if self.rng.random_bool(0.7) { U256::MAX } else { self.amount(most) }
    }

    /// Enough to prove, mostly, and then some.
    fn bond(&mut self, world: &World, by: Address, shares: U256) -> U256 {
        let active = world.pools.of.get(&by).map(|pool| pool.active).unwrap_or_default();
        if active < ether(1000) && self.rng.random_bool(0.5) { ether(1500) } else { self.amount(shares) }
    }

    /// An open ticket's number, mostly.
    fn ticket(&mut self, book: Option<&Book>) -> U256 {
        let open: Vec<_> = book.into_iter().flat_map(Book::open).map(|ticket| ticket.id).collect();
        match self.rng.random_range(0..20) {
            0 => U256::from(self.rng.random_range(0..2000_u64)),
            1 => U256::MAX,
            _ if open.is_empty() => U256::from(32),
            2 => open[0] + U256::from(32),
            3 => open[0] - U256::from(32),
            _ => open[self.below(open.len())],
        }
    }

    /// A time in the past, around a change of votes; or now.
    fn past(&mut self, world: &World, account: Address) -> u64 {
        let changes: Vec<_> = world.vpha.votes.changes(account).collect();
        match self.below(10) {
            0 => world.now,
            1 => world.now + 1,
            2..5 => world.now - 1,
            _ if changes.is_empty() => world.setting.start - 1,
            _ => changes[self.below(changes.len())].saturating_add_signed(self.rng.random_range(-1..2)),
        }
    }

    /// Those who may prove, mostly.
    fn operators(&mut self, world: &World) -> Vec<Address> {
        let mut operators: Vec<_> = (0..=self.below(3)).map(|_| self.user()).collect();
        if self.rng.random_bool(0.9) {
            operators.retain(|operator| world.pools.is_eligible(*operator));
        }
        operators.sort_unstable();
        operators.dedup();
        operators
    }

    /// Within the bounds, mostly. Bonds of every order: so that a slash leaves exposure of less than a unit.
    fn class(&mut self) -> Class {
        let unit = U256::from(1_000_000_000_000_000_u64);
        let min_bond = match self.below(6) {
            0 => U256::from(self.rng.random_range(0..3_u64)),
            1 => unit * U256::from(self.rng.random_range(1..10_u64)),
            2 => ether(self.rng.random_range(1..1_000_002)),
            _ => ether(self.rng.random_range(1..1200)),
        };
        let units = min_bond / unit;
        let bond_per_batch = match self.below(8) {
            0 => U256::ZERO,
            1 => unit,
            2 => unit * (units + U256::ONE),
            3 => unit + U256::ONE,
            4 => unit.min(min_bond),
            // One that stands for a batch or two alone.
            5 => self.fraction(units) * unit,
            _ => self.fraction(units / U256::from(8)) * unit,
        };
        let weight = U256::from(self.rng.random_range(0..100_002_u64));
        Class { min_bond, bond_per_batch, weight }
    }

    /// Next to all of the pool, if that is allowed.
    fn slot_bond(&mut self, world: &World, operator: Address) -> U256 {
        let all = world.pools.slashable(operator);
        if all < ether(1000) && self.rng.random_bool(0.5) {
            all.saturating_sub(U256::from(self.rng.random_range(0..1000_u64)))
        } else {
            self.amount(ether(1000))
        }
    }

    /// A case where something can be done, mostly.
    fn case(&mut self, world: &World, fits: impl Fn(&Case) -> bool) -> U256 {
        let cases = &world.court.cases;
        let fit: Vec<_> = (1..=cases.len()).filter(|id| fits(&cases[id - 1])).collect();
        if fit.is_empty() || self.rng.random_bool(0.1) {
            // One of the last, which may be in any state.
            let last = cases.len() + 1;
            return U256::from(last - self.below(8).min(last));
        }
        U256::from(fit[self.below(fit.len())])
    }

    fn evidence(&mut self) -> B256 {
        self.evidence += 1;
        self.last_evidence()
    }

    fn last_evidence(&self) -> B256 {
        B256::from(U256::from(self.evidence))
    }
}

fn shares_of(world: &World, operator: Address) -> U256 {
    world.pools.of.get(&operator).map(|pool: &Pool| pool.shares).unwrap_or_default()
}
