//! `schedule`: single appointments of an install with itself.

use crate::bindings::plugin::twobot::plugin::schedule::{Host, ScheduleError};
use crate::sandbox::guest::{Guest, PluginSide, Work};
use twobot_domain::Timestamp;
use twobot_domain::manifest::Capability;
use twobot_store::executions::{Appointment, MAX_APPOINTMENTS};

/// Changes to appointments in one execution.
const MAX_CHANGES: usize = 1_000;
/// Bytes of an appointment's data.
const MAX_DATA: usize = 100 * 1024;

fn work<'a>(guest: &'a mut Guest<PluginSide>, name: &str) -> Result<&'a mut Work, ScheduleError> {
    let work = guest
        .side
        .granted(Capability::Schedule)
        .map_err(|denied| ScheduleError::Denied(denied.to_string()))?;
    if name.is_empty() || name.len() > 64 {
        return Err(ScheduleError::Invalid("name: must have 1 to 64 bytes".to_owned()));
    }
    if work.appointments.len() >= MAX_CHANGES {
        return Err(ScheduleError::TooMany);
    }
    Ok(work)
}

impl Host for Guest<PluginSide> {
    async fn once(&mut self, name: String, due_at: u64, data: Option<String>) -> Result<(), ScheduleError> {
        self.pace.call(name.len() + data.as_ref().map_or(0, String::len)).await;
        let work = work(self, &name)?;
        // Counted with those that wait already; the commit counts again, since another execution may be as fast.
        let waiting = match work.appointments_waiting {
            Some(waiting) => waiting,
            None => match work.count_appointments().await {
                Ok(waiting) => waiting,
                Err(error) => {
                    work.host_failure = Some(error.to_string());
                    return Err(ScheduleError::TooMany);
                }
            },
        };
        if waiting + work.appointments.len() as u64 >= MAX_APPOINTMENTS {
            return Err(ScheduleError::TooMany);
        }
        if let Some(data) = &data {
            if data.len() > MAX_DATA {
                return Err(ScheduleError::Invalid(format!("data: must have at most {MAX_DATA} bytes")));
            }
            if serde_json::from_str::<serde::de::IgnoredAny>(data).is_err() {
                return Err(ScheduleError::Invalid("data: must be JSON".to_owned()));
            }
        }
        // Many appointments with much data are much of the host's memory.
        let data_fits = self.memory.hold(data.as_ref().map_or(0, String::len));
        let due_at = Timestamp::from_millis(due_at);
        let appointment = Appointment::Once { name, due_at, data, depth: 0 };
        match self.side.granted(Capability::Schedule) {
            Ok(work) if data_fits => work.appointments.push(appointment),
            _ => return Err(ScheduleError::TooMany),
        }
        Ok(())
    }

    async fn cancel(&mut self, name: String) -> Result<(), ScheduleError> {
        self.pace.call(name.len()).await;
        work(self, &name)?.appointments.push(Appointment::Cancel { name });
        Ok(())
    }
}
