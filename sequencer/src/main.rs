//! The `sequencer` binary.

fn main() -> eyre::Result<()> {
    sequencer::main()
}
