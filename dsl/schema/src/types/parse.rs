//! Reads type names.

use super::Type;

/// How deep lists and structs may nest.
const DEPTH: usize = 16;

/// See [`Type::parse`].
pub(super) fn parse(text: &str) -> Option<Type> {
    let mut reader = Reader { rest: text.trim() };
    let ty = reader.ty(0)?;
    reader.rest.is_empty().then_some(ty)
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn ty(&mut self, depth: usize) -> Option<Type> {
        if depth > DEPTH {
            return None;
        }
        let mut ty = self.single(depth)?;
        for _ in 0..DEPTH {
            if !self.take("[") {
                return Some(ty);
            }
            ty = self.take("]").then(|| Type::List(Box::new(ty)))?;
        }
        None
    }

    fn single(&mut self, depth: usize) -> Option<Type> {
        let word = self.word()?.to_lowercase();
        Some(match word.as_str() {
            "boolean" | "bool" => Type::Boolean,
            "tinyint" | "int1" => Type::TinyInt,
            "smallint" | "int2" => Type::SmallInt,
            "int" | "integer" | "int4" => Type::Int,
            "bigint" | "int8" => Type::BigInt,
            "float" | "float4" | "real" => Type::Float,
            "float8" => Type::Double,
            "double" => {
                self.words(&["precision"]);
                Type::Double
            }
            "decimal" | "numeric" | "dec" => self.decimal()?,
            "text" | "string" | "clob" => Type::Text,
            "varchar" | "char" | "character" | "nvarchar" | "nchar" => {
                self.words(&["varying"]);
                self.length()?;
                Type::Text
            }
            "bytes" | "bytea" | "blob" => Type::Bytes,
            "binary" | "varbinary" => {
                self.words(&["varying"]);
                self.length()?;
                Type::Bytes
            }
            "date" => Type::Date,
            "time" => {
                self.length()?;
                self.words(&["without", "time", "zone"]);
                Type::Time
            }
            "timestamp" => {
                self.length()?;
                if self.words(&["with", "time", "zone"]) {
                    return Some(Type::TimestampTz);
                }
                self.words(&["without", "time", "zone"]);
                Type::Timestamp
            }
            "datetime" => Type::Timestamp,
            "timestamptz" => {
                self.length()?;
                Type::TimestampTz
            }
            "json" | "jsonb" => Type::Json,
            "uuid" => Type::Uuid,
            "list" | "array" => {
                let item = self.take("<").then(|| self.ty(depth + 1))??;
                self.take(">").then(|| Type::List(Box::new(item)))?
            }
            "struct" => self.fields(depth)?,
            _ => return None,
        })
    }

    /// `(p)`, `(p, s)` or nothing; at most the 76 digits Arrow has.
    fn decimal(&mut self) -> Option<Type> {
        if !self.take("(") {
            return Some(Type::Decimal(38, 10));
        }
        let precision: u8 = self.number()?;
        let scale: i8 = if self.take(",") { self.number()? } else { 0 };
        let fits = (1..=76).contains(&precision) && u8::try_from(scale).is_ok_and(|s| s <= precision);
        (self.take(")") && fits).then_some(Type::Decimal(precision, scale))
    }

    /// `(n)` or nothing.
    fn length(&mut self) -> Option<()> {
        if self.take("(") {
            self.number::<u32>()?;
            return self.take(")").then_some(());
        }
        Some(())
    }

    fn fields(&mut self, depth: usize) -> Option<Type> {
        let mut fields = Vec::new();
        if !self.take("<") {
            return None;
        }
        loop {
            let name = self.name()?;
            let ty = self.ty(depth + 1)?;
            fields.push((name, ty));
            if self.take(">") {
                return Some(Type::Struct(fields));
            }
            if !self.take(",") {
                return None;
            }
        }
    }

    /// A field's name: folded, or as it stands in `"…"`.
    fn name(&mut self) -> Option<String> {
        if let Some(quoted) = self.rest.strip_prefix('"') {
            let (name, rest) = quoted.split_once('"')?;
            self.rest = rest.trim_start();
            return Some(name.to_owned());
        }
        self.word().map(str::to_lowercase)
    }

    fn word(&mut self) -> Option<&str> {
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest.trim_start();
        (!word.is_empty()).then_some(word)
    }

    /// Takes all of these words, or none.
    fn words(&mut self, wanted: &[&str]) -> bool {
        let before = self.rest;
        for want in wanted {
            if !self.word().is_some_and(|w| w.eq_ignore_ascii_case(want)) {
                self.rest = before;
                return false;
            }
        }
        true
    }

    fn number<T: std::str::FromStr>(&mut self) -> Option<T> {
        self.word()?.parse().ok()
    }

    fn take(&mut self, mark: &str) -> bool {
        match self.rest.strip_prefix(mark) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_names_of_types_are_read() {
        for (text, printed) in [
            ("INTEGER", "int"),
            ("double  precision", "double"),
            ("varchar(20)", "text"),
            ("character varying(20)", "text"),
            ("numeric", "decimal(38, 10)"),
            ("decimal(10)", "decimal(10, 0)"),
            ("Decimal ( 10 , 2 )", "decimal(10, 2)"),
            ("timestamp(3) with time zone", "timestamptz"),
            ("timestamp without time zone", "timestamp"),
            ("int[][]", "int[][]"),
            ("list<struct<A int, \"B c\" text[]>>", "struct<a int, \"B c\" text[]>[]"),
        ] {
            assert_eq!(parse(text).map(|t| t.to_string()).as_deref(), Some(printed), "{text}");
        }
    }

    #[test]
    fn what_is_no_type_is_refused() {
        let deep = format!("{}int{}", "list<".repeat(100), ">".repeat(100));
        let wide = format!("int{}", "[]".repeat(100));
        for text in [
            "",
            "txt",
            "decimal(0)",
            "decimal(10, 12)",
            "decimal(77)",
            "int int",
            "int[",
            "varchar(x)",
            "struct<>",
            &deep,
            &wide,
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
