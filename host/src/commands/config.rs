//! `twobot config`

use crate::settings::{Description, Settings, Source};

/// Prints every setting, also beside wrong ones, which it names at the end.
///
/// # Errors
/// When settings are wrong.
#[expect(clippy::print_stdout, reason = "the command's answer")]
pub(crate) fn run(source: &Source) -> anyhow::Result<()> {
    let Description { settings, wrong, unknown } = Settings::describe(source);
    println!(
        "Settings come from the environment, or from the TOML file that TWOBOT_CONFIG names; the environment wins.\n"
    );
    for setting in settings {
        println!("{}", setting.name);
        println!("    {}", setting.doc);
        let default = if setting.default.is_empty() { "(none)" } else { &setting.default };
        if setting.is_set {
            println!("    now      {}", setting.shown);
        }
        println!("    default  {default}\n");
    }
    for name in unknown {
        println!("{name}\n    is set, and is no setting of this version\n");
    }
    anyhow::ensure!(wrong.is_empty(), crate::settings::WrongSettings(wrong));
    Ok(())
}
