//! The benchmarks that need no other runtime in the program.

fn main() -> anyhow::Result<()> {
    twobot_benches::run::run(twobot_benches::ALL)
}
