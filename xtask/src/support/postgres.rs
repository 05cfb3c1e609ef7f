//! A PostgreSQL server of one's own, for as long as something runs: in a temporary folder, reachable by nobody else.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::{apt, process};

/// The variable in which tests look for the server's address.
pub(crate) const VARIABLE: &str = "TWOBOT_TEST_POSTGRES";

/// Folders of servers are called so, with the process that started them.
const FOLDER: &str = "2bot-postgres-";

/// How long a server may take to begin and to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// What every server is told.
const SETTINGS: &[&str] = &["listen_addresses=", "max_connections=300", "log_min_messages=warning"];

/// What a server is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Tests: nothing has to outlive a power failure, and nothing is cleaned up behind a test's back.
    Tests,
    /// Measuring: as an operator's server out of the box.
    Benchmarks,
}

impl Purpose {
    const fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Tests => &["fsync=off", "full_page_writes=off", "autovacuum=off", "deadlock_timeout=100ms"],
            Self::Benchmarks => &[],
        }
    }
}

/// A running server. It ends when this is dropped.
pub(crate) struct Postgres {
    folder: PathBuf,
    /// Its programs, and as whom they run.
    programs: PathBuf,
    user: Option<String>,
    purpose: Purpose,
    server: Child,
}

impl Postgres {
    /// Starts a server for tests, after installing PostgreSQL where there is none.
    pub(crate) fn start() -> Result<Self> {
        Self::start_for(Purpose::Tests)
    }

    /// Starts a server, after installing PostgreSQL where there is none.
    pub(crate) fn start_for(purpose: Purpose) -> Result<Self> {
        let programs = programs()?;
        remove_leftovers();
        let folder = std::env::temp_dir().join(format!("{FOLDER}{}", std::process::id()));
        std::fs::create_dir(&folder).with_context(|| format!("can not make {}", folder.display()))?;
        // PostgreSQL refuses to run as root, so that its folder must be somebody else's then.
        let user = if apt::is_root() { Some(service_user()?) } else { None };
        if let Some(user) = &user {
            process::run(process::command("chown", Path::new("/")).arg(user).arg(&folder))?;
        }
        process::run(process::command("chmod", Path::new("/")).arg("700").arg(&folder))?;
        let program = |name: &str| as_user(user.as_deref(), &programs.join(name), &folder);
        let data = folder.join("data");
        // Not the collation C: what depends on the order of texts must say so itself.
        let init = ["--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C"];
        let init = init.iter().chain(&["--locale-provider=icu", "--icu-locale=und"]);
        process::output(program("initdb").args(init).arg("-D").arg(&data)).context("initdb failed")?;
        let server = spawn(&programs, user.as_deref(), &folder, purpose)?;
        let mut started = Self { folder, programs, user, purpose, server };
        started.wait_until_ready()?;
        Ok(started)
    }

    /// Starts the server again where it has ended, on the same data.
    pub(crate) fn revive(&mut self) -> Result<()> {
        if self.server.try_wait()?.is_none() {
            return Ok(());
        }
        self.server = spawn(&self.programs, self.user.as_deref(), &self.folder, self.purpose)?;
        self.wait_until_ready()
    }

    /// The file in which it keeps the number of its process.
    pub(crate) fn process_file(&self) -> PathBuf {
        self.folder.join("data/postmaster.pid")
    }

    /// Where it is, for `sqlx`: by a socket in its own folder.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@localhost/postgres?host={}", self.folder.display())
    }

    /// Waits until the server ends by itself or by a signal.
    pub(crate) fn wait(&mut self) -> Result<()> {
        self.server.wait()?;
        Ok(())
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut ready = process::command(self.programs.join("pg_isready"), Path::new("/"));
            ready.arg("-q").arg("-h").arg(&self.folder);
            if ready.status().is_ok_and(|status| status.success()) {
                return Ok(());
            }
            if self.server.try_wait()?.is_some() || Instant::now() >= deadline {
                let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                bail!("the PostgreSQL server does not start:\n{log}");
            }
            // The server tells nobody when it is ready.
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn stop(&mut self) -> Result<()> {
        if self.server.try_wait()?.is_some() {
            return Ok(());
        }
        // A quick end in good order; the standard library has no signal but the last.
        let pid = self.server.id().to_string();
        process::run(process::command("kill", Path::new("/")).args(["-INT", &pid]))?;
        let deadline = Instant::now() + PATIENCE;
        while self.server.try_wait()?.is_none() {
            if Instant::now() >= deadline {
                self.server.kill()?;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("the PostgreSQL server (process {}) did not end: {error:#}", self.server.id());
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Starts the server of a folder.
fn spawn(programs: &Path, user: Option<&str>, folder: &Path, purpose: Purpose) -> Result<Child> {
    let log = std::fs::File::options().append(true).create(true).open(folder.join("log"))?;
    let mut command = as_user(user, &programs.join("postgres"), folder);
    command.arg("-D").arg(folder.join("data")).arg("-k").arg(folder);
    command.args(SETTINGS.iter().chain(purpose.settings()).flat_map(|setting| ["-c", setting]));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    command.spawn().context("`postgres` can not be started")
}

/// The folder of PostgreSQL's programs. Debian keeps them off `PATH`, by version.
fn programs() -> Result<PathBuf> {
    if let Some(found) = find() {
        return Ok(found);
    }
    apt::install(&["postgresql"]).context("the tests on PostgreSQL need a server")?;
    find().context("PostgreSQL was installed, but there is no initdb in /usr/lib/postgresql")
}

fn find() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let number = |folder: &Path| folder.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions
        .map(|version| version.path())
        .filter(|folder| folder.join("bin/initdb").is_file())
        .max_by_key(|folder| number(folder));
    newest.map(|folder| folder.join("bin")).or_else(|| {
        let initdb = process::find("initdb")?.canonicalize().ok()?;
        initdb.parent().map(Path::to_path_buf)
    })
}

/// Somebody without rights: the user that the package made, or nobody.
fn service_user() -> Result<String> {
    let users = std::fs::read_to_string("/etc/passwd").context("can not read /etc/passwd")?;
    let exists = |name: &str| users.lines().any(|line| line.split(':').next() == Some(name));
    let user = ["postgres", "nobody"].into_iter().find(|name| exists(name));
    user.map(str::to_owned)
        .context("PostgreSQL does not run as root, and there is no user postgres or nobody")
}

/// A program as another user, and ended when this process ends, however that may be.
fn as_user(user: Option<&str>, program: &Path, folder: &Path) -> Command {
    let mut command = match (user, process::find("setpriv")) {
        (None, None) => return process::command(program, folder),
        (Some(user), None) => {
            let mut runuser = process::command("runuser", folder);
            runuser.args(["-u", user, "--"]);
            runuser
        }
        (user, Some(setpriv)) => {
            let mut setpriv = process::command(setpriv, folder);
            if let Some(user) = user {
                setpriv.args(["--reuid", user, "--regid", user, "--init-groups"]);
            }
            setpriv.args(["--pdeathsig", "INT", "--"]);
            setpriv
        }
    };
    command.arg(program);
    command
}

/// Removes the folders of servers whose starter was ended before it could do so.
fn remove_leftovers() {
    for entry in std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let starter = name.to_str().and_then(|name| name.strip_prefix(FOLDER));
        if starter
            .is_some_and(|pid| Path::new("/proc/self").exists() && !Path::new("/proc").join(pid).exists())
        {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_ends_with_its_owner_and_leaves_nothing() {
        let server = Postgres::start().unwrap();
        let (folder, pid) = (server.folder.clone(), server.server.id());
        assert!(server.url().contains(folder.to_str().unwrap()));
        assert!(folder.join(".s.PGSQL.5432").exists());
        drop(server);
        assert!(!folder.exists());
        assert!(!Path::new("/proc").join(pid.to_string()).exists());
    }

    #[test]
    fn a_server_that_ended_is_started_again() {
        let mut server = Postgres::start().unwrap();
        let named = std::fs::read_to_string(server.process_file()).unwrap();
        let before = server.server.id().to_string();
        assert_eq!(named.lines().next(), Some(before.as_str()));
        process::run(process::command("kill", Path::new("/")).args(["-QUIT", &before])).unwrap();
        server.wait().unwrap();
        server.revive().unwrap();
        assert_ne!(server.server.id().to_string(), before);
        let now = server.server.id();
        server.revive().unwrap();
        assert_eq!(server.server.id(), now, "one that runs is left alone");
    }
}
