//! What goes between the host and a compiling process: one question on its standard input, one answer on its standard output.

use crate::component::ComponentError;
use crate::convert::error::clamp;
use std::io::{self, Read, Write};

/// How a question and an answer begin. Of another version, or from another program, nothing is understood.
const TAG: &[u8; 8] = b"2botcmp1";

/// Bytes of an answer besides the compiled code.
pub(super) const HEAD: usize = TAG.len() + 1;

/// What the process may use itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    /// Bytes of memory.
    pub(super) memory: u64,
    /// Seconds of processor time.
    pub(super) seconds: u64,
}

/// The beginning of a question; the component follows, to the end.
pub(super) fn question(limits: Limits) -> Vec<u8> {
    [TAG.as_slice(), &limits.memory.to_le_bytes(), &limits.seconds.to_le_bytes()].concat()
}

/// Reads the beginning of a question.
pub(super) fn read_question(input: &mut impl Read) -> io::Result<Limits> {
    let (mut tag, mut memory, mut seconds) = ([0; TAG.len()], [0; 8], [0; 8]);
    input.read_exact(&mut tag)?;
    if &tag != TAG {
        return Err(io::Error::other("this is for the host to call, and not for people"));
    }
    input.read_exact(&mut memory)?;
    input.read_exact(&mut seconds)?;
    Ok(Limits { memory: u64::from_le_bytes(memory), seconds: u64::from_le_bytes(seconds) })
}

/// Writes an answer: compiled code, or why there is none.
pub(super) fn write_answer(output: &mut impl Write, answer: &Result<Vec<u8>, String>) -> io::Result<()> {
    let (status, content) = match answer {
        Ok(code) => (0, code.as_slice()),
        Err(reason) => (1, reason.as_bytes()),
    };
    output.write_all(TAG)?;
    output.write_all(&[status])?;
    output.write_all(content)?;
    output.flush()
}

/// What a whole answer says.
pub(super) fn understand(mut answer: Vec<u8>) -> Result<Vec<u8>, ComponentError> {
    match answer.split_at_checked(HEAD) {
        Some((head, _)) if head == [TAG.as_slice(), &[0]].concat() => Ok(answer.split_off(HEAD)),
        Some((head, reason)) if head == [TAG.as_slice(), &[1]].concat() => {
            Err(ComponentError::Invalid(clamp(String::from_utf8_lossy(reason).into_owned())))
        }
        _ => Err(ComponentError::Host("the compiler did not answer as one".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(said: &Result<Vec<u8>, String>) -> Vec<u8> {
        let mut answer = Vec::new();
        write_answer(&mut answer, said).unwrap();
        answer
    }

    #[test]
    fn questions_and_answers_arrive_as_they_were_sent() {
        let limits = Limits { memory: 1 << 40, seconds: 7 };
        assert_eq!(read_question(&mut question(limits).as_slice()).unwrap(), limits);
        assert_eq!(understand(answer(&Ok(b"code".to_vec()))).unwrap(), b"code");
        let error = understand(answer(&Err("x".repeat(1_000_000)))).unwrap_err();
        assert!(matches!(&error, ComponentError::Invalid(reason) if reason.len() < 3_000), "{error:?}");
    }

    #[test]
    fn what_is_neither_is_not_understood() {
        for question in [b"hello, world, this is me".as_slice(), b"2botcmp1", b""] {
            assert!(read_question(&mut { question }).is_err());
        }
        let mut strange = answer(&Ok(Vec::new()));
        strange[8] = 2;
        for answer in [strange, b"".to_vec(), b"2botcmp1".to_vec(), b"2botcmp0\0code".to_vec()] {
            assert!(matches!(understand(answer), Err(ComponentError::Host(_))));
        }
    }
}
