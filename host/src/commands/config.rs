//! `twobot config`

use super::answer;
use crate::settings::{Description, Settings, Source};

/// Prints every setting, also beside wrong ones, which it names at the end.
///
/// # Errors
/// When settings are wrong.
pub(crate) fn run(source: &Source) -> anyhow::Result<()> {
    let Description { settings, wrong, unknown } = Settings::describe(source);
    answer::line(
        "Settings come from the environment, or from the TOML file that TWOBOT_CONFIG names; the environment wins.\n",
    )?;
    for setting in settings {
        answer::line(setting.name)?;
        answer::line(&format!("    {}", setting.doc))?;
        let default = if setting.default.is_empty() { "(none)" } else { &setting.default };
        if setting.is_set {
            answer::line(&format!("    now      {}", setting.shown))?;
        }
        answer::line(&format!("    default  {default}\n"))?;
    }
    for name in unknown {
        answer::line(&format!("{name}\n    is set, and is no setting of this version\n"))?;
    }
    anyhow::ensure!(wrong.is_empty(), crate::settings::WrongSettings(wrong));
    Ok(())
}
