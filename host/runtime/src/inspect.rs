//! Whether a component can be compiled with bounded work.
//!
//! Compiling can not be interrupted, and a few bytes can ask for a lot of it: fifty thousand local variables, blocks that carry a
//! thousand values. So a component is measured before. The limits are several times what the largest language runtimes need.

use crate::component::ComponentError;
use crate::too_much::TooMuch;
use wasmparser::{BlockType, FunctionBody, Operator, Parser, Payload, TypeSectionReader};

/// Imports of a component and its modules.
const MAX_IMPORTS: u64 = 1_000;
/// Modules and components within a component.
const MAX_MODULES: u64 = 100;
/// Types, functions, globals, instances, aliases and the like.
const MAX_PARTS: u64 = 200_000;
/// Bytes of one function.
const MAX_FUNCTION_BYTES: u64 = 1024 * 1024;
/// Values that all functions together move: about one for each instruction.
const MAX_WORK: u64 = 50_000_000;

/// What a component is made of.
#[derive(Debug, Default)]
struct Measure {
    imports: u64,
    modules: u64,
    parts: u64,
    work: u64,
    /// Parameters and results of each function type of the module that is being read.
    arities: Vec<u64>,
}

/// Refuses what would take too much work to compile. Not whether it is valid: that the compiler finds out.
pub(crate) fn inspect(bytes: &[u8]) -> Result<(), ComponentError> {
    let mut measure = Measure::default();
    for payload in Parser::new(0).parse_all(bytes) {
        measure.add(payload.map_err(invalid)?)?;
    }
    Ok(())
}

fn invalid(error: wasmparser::BinaryReaderError) -> ComponentError {
    ComponentError::invalid(&error)
}

fn check(what: TooMuch, found: u64, allowed: u64) -> Result<(), ComponentError> {
    if found > allowed { Err(ComponentError::TooComplex { what, found, allowed }) } else { Ok(()) }
}

impl Measure {
    fn add(&mut self, payload: Payload<'_>) -> Result<(), ComponentError> {
        let parts = match payload {
            Payload::Version { .. } => {
                self.arities.clear();
                0
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                self.modules += 1;
                0
            }
            Payload::ImportSection(section) => {
                self.imports += u64::from(section.count());
                0
            }
            Payload::ComponentImportSection(section) => {
                self.imports += u64::from(section.count());
                0
            }
            Payload::TypeSection(section) => self.add_types(section)?,
            Payload::CodeSectionEntry(body) => {
                self.add_function(&body)?;
                1
            }
            Payload::FunctionSection(section) => section.count(),
            Payload::TableSection(section) => section.count(),
            Payload::MemorySection(section) => section.count(),
            Payload::TagSection(section) => section.count(),
            Payload::GlobalSection(section) => section.count(),
            Payload::ExportSection(section) => section.count(),
            Payload::ElementSection(section) => section.count(),
            Payload::DataSection(section) => section.count(),
            Payload::InstanceSection(section) => section.count(),
            Payload::CoreTypeSection(section) => section.count(),
            Payload::ComponentInstanceSection(section) => section.count(),
            Payload::ComponentAliasSection(section) => section.count(),
            Payload::ComponentTypeSection(section) => section.count(),
            Payload::ComponentCanonicalSection(section) => section.count(),
            Payload::ComponentExportSection(section) => section.count(),
            _ => 0,
        };
        self.parts += u64::from(parts);
        check(TooMuch::Imports, self.imports, MAX_IMPORTS)?;
        check(TooMuch::Modules, self.modules, MAX_MODULES)?;
        check(TooMuch::Definitions, self.parts, MAX_PARTS)
    }

    fn add_types(&mut self, section: TypeSectionReader<'_>) -> Result<u32, ComponentError> {
        let count = section.count();
        check(TooMuch::Definitions, u64::from(count), MAX_PARTS)?;
        for kind in section.into_iter_err_on_gc_types() {
            let kind = kind.map_err(invalid)?;
            self.arities.push((kind.params().len() + kind.results().len()) as u64);
        }
        Ok(count)
    }

    fn add_function(&mut self, body: &FunctionBody<'_>) -> Result<(), ComponentError> {
        let range = body.range();
        check(TooMuch::FunctionBytes, (range.end - range.start) as u64, MAX_FUNCTION_BYTES)?;
        let largest = self.arities.iter().copied().max().unwrap_or(0);
        for local in body.get_locals_reader().map_err(invalid)? {
            let (count, _) = local.map_err(invalid)?;
            self.work += u64::from(count);
            check(TooMuch::Work, self.work, MAX_WORK)?;
        }
        for operator in body.get_operators_reader().map_err(invalid)? {
            self.work += 1 + match operator.map_err(invalid)? {
                Operator::Block { blockty } | Operator::Loop { blockty } | Operator::If { blockty } => {
                    self.arity(blockty, largest)
                }
                Operator::TryTable { try_table } => self.arity(try_table.ty, largest),
                // Which type a call has is not looked up: at most the largest.
                Operator::Call { .. } | Operator::CallIndirect { .. } => largest.min(32),
                Operator::BrTable { targets } => u64::from(targets.len()).saturating_mul(1 + largest),
                _ => 0,
            };
            check(TooMuch::Work, self.work, MAX_WORK)?;
        }
        Ok(())
    }

    fn arity(&self, block: BlockType, largest: u64) -> u64 {
        match block {
            BlockType::Empty | BlockType::Type(_) => 0,
            BlockType::FuncType(index) => usize::try_from(index)
                .ok()
                .and_then(|index| self.arities.get(index))
                .copied()
                .unwrap_or(largest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str) -> TooMuch {
        match inspect(&wat::parse_str(text).unwrap()) {
            Err(ComponentError::TooComplex { what, found, allowed }) => {
                assert!(found > allowed);
                what
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn floods_are_refused() {
        let imports: String = (0..1_001).map(|number| format!("(import \"i{number}\" (func))")).collect();
        assert_eq!(refused(&format!("(component {imports})")), TooMuch::Imports);
        assert_eq!(refused(&format!("(component {})", "(core module)".repeat(101))), TooMuch::Modules);
        assert_eq!(refused(&format!("(component {})", "(component)".repeat(101))), TooMuch::Modules);
        assert_eq!(refused(&format!("(module {})", "(func)".repeat(100_001))), TooMuch::Definitions);
    }

    /// A number as WebAssembly writes it.
    fn number(mut value: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        loop {
            let low = u8::try_from(value & 0x7f).unwrap();
            value >>= 7;
            bytes.push(if value > 0 { low | 0x80 } else { low });
            if value == 0 {
                return bytes;
            }
        }
    }

    /// A module of so many functions with this body.
    fn module(functions: usize, body: &[u8]) -> Vec<u8> {
        let mut bytes = b"\0asm\x01\0\0\0".to_vec();
        let mut section = |id: u8, content: Vec<u8>| {
            bytes.push(id);
            bytes.extend(number(content.len()));
            bytes.extend(content);
        };
        section(1, b"\x01\x60\0\0".to_vec());
        section(3, [number(functions), vec![0; functions]].concat());
        section(
            10,
            [number(functions), [number(body.len()), body.to_vec()].concat().repeat(functions)].concat(),
        );
        bytes
    }

    #[test]
    fn bombs_are_refused() {
        let refused = |bytes: &[u8]| match inspect(bytes) {
            Err(ComponentError::TooComplex { what, .. }) => what,
            other => panic!("{other:?}"),
        };
        // Each function has 50,000 local variables, in eight bytes.
        let locals = [vec![1], number(50_000), vec![0x7e, 0x0b]].concat();
        inspect(&module(900, &locals)).unwrap();
        assert_eq!(refused(&module(1_001, &locals)), TooMuch::Work);
        let long = [vec![0], vec![0x01; 1024 * 1024], vec![0x0b]].concat();
        assert_eq!(refused(&module(1, &long)), TooMuch::FunctionBytes);

        // Each block carries a thousand values, in three bytes.
        let (values, blocks) = ("i32 ".repeat(1_000), "(block (type $t) unreachable)".repeat(10_000));
        let function = format!("(func unreachable {blocks})").repeat(6);
        let many = format!("(module (type $t (func (param {values}))) {function})");
        assert_eq!(refused(&wat::parse_str(many).unwrap()), TooMuch::Work);
    }

    #[test]
    fn what_authors_make_passes() {
        inspect(&wat::parse_str("(component (core module (func (param i32) (block))))").unwrap()).unwrap();
        assert!(matches!(inspect(b"\0asm\x0d\0\x01\0\xff"), Err(ComponentError::Invalid(_))));
    }
}
