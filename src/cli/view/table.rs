//! A `meta.k8s.io` Table in aligned columns, to the byte as kubectl prints it.

use serde::Deserialize;
use serde_json::Value;

/// The least width of a column, and what is left free behind its longest cell.
const LEAST: usize = 6;
const GAP: usize = 3;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Table {
    #[serde(default)]
    pub metadata: ListMeta,
    column_definitions: Option<Vec<Column>>,
    #[serde(default)]
    rows: Option<Vec<Row>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListMeta {
    #[serde(default)]
    pub resource_version: String,
}

#[derive(Clone, Deserialize)]
struct Column {
    name: String,
    #[serde(default)]
    priority: i32,
}

#[derive(Deserialize)]
pub struct Row {
    cells: Vec<Value>,
    #[serde(default)]
    object: Value,
}

impl Table {
    pub fn rows(&self) -> &[Row] {
        self.rows.as_deref().unwrap_or_default()
    }

    /// The version of the last row, or of the list.
    pub fn version(&self) -> Option<String> {
        let of_row = |row: &Row| Some(row.object["metadata"]["resourceVersion"].as_str()?.to_owned());
        let of_list = || Some(self.metadata.resource_version.clone()).filter(|version| !version.is_empty());
        self.rows().last().and_then(of_row).or_else(of_list)
    }
}

/// Keeps the columns aligned from one table to the next.
pub struct Printer {
    wide: bool,
    columns: Vec<Column>,
    widths: Vec<usize>,
    begun: bool,
}

impl Printer {
    pub fn new(wide: bool) -> Self {
        Self { wide, columns: Vec::new(), widths: Vec::new(), begun: false }
    }

    /// Its rows, and the header before the first of all.
    pub fn print(&mut self, table: &Table) {
        self.lines(table).into_iter().for_each(crate::cli::say);
    }

    fn lines(&mut self, table: &Table) -> Vec<String> {
        // Only the first event of a watch says what its columns are.
        if let Some(columns) = table.column_definitions.as_ref().filter(|columns| !columns.is_empty()) {
            self.columns.clone_from(columns);
        }
        if table.rows().is_empty() {
            return Vec::new();
        }
        let header = self.shown(|column, _| column.name.to_uppercase());
        let rows = table.rows().iter().map(|row| self.shown(|_, at| cell(row.cells.get(at))));
        let mut all: Vec<_> = rows.collect();
        if !std::mem::replace(&mut self.begun, true) {
            all.insert(0, header);
        }
        self.widths.resize(self.columns.len(), 0);
        for line in &all {
            for (width, text) in self.widths.iter_mut().zip(line) {
                *width = (*width).max(text.chars().count() + GAP).max(LEAST);
            }
        }
        all.iter().map(|line| self.align(line)).collect()
    }

    fn shown(&self, text: impl Fn(&Column, usize) -> String) -> Vec<String> {
        let all = self.columns.iter().enumerate();
        all.filter(|(_, column)| self.wide || column.priority == 0)
            .map(|(at, column)| text(column, at))
            .collect()
    }

    /// The last column has nothing behind it.
    fn align(&self, line: &[String]) -> String {
        let last = line.len().saturating_sub(1);
        let pad = |(at, text): (usize, &String)| match at == last {
            true => text.clone(),
            false => format!("{text:<width$}", width = self.widths[at]),
        };
        line.iter().enumerate().map(pad).collect()
    }
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn table(rows: Value, columns: bool) -> Table {
        let mut table = json!({"rows": rows, "columnDefinitions": null});
        if columns {
            table["columnDefinitions"] = json!([
                {"name": "Name", "priority": 0}, {"name": "Targets"}, {"name": "Problem", "priority": 1},
                {"name": "Age"},
            ]);
        }
        serde_json::from_value(table).unwrap()
    }

    #[test]
    fn columns_are_as_wide_as_their_longest_cell() {
        let rows = json!([
            {"cells": ["root:production", 2, "x", "5m"]},
            {"cells": ["a", 10, null, "<unknown>"], "object": {"metadata": {"resourceVersion": "9"}}},
        ]);
        let first = table(rows, true);
        assert_eq!(first.version().as_deref(), Some("9"));
        let mut printer = Printer::new(false);
        assert_eq!(
            printer.lines(&first),
            [
                "NAME              TARGETS   AGE",
                "root:production   2         5m",
                "a                 10        <unknown>"
            ]
        );
        let next = table(json!([{"cells": ["b", 1, "", "3s"]}]), false);
        assert_eq!(printer.lines(&next), ["b                 1         3s"], "no second header");
        let wide = Printer::new(true).lines(&table(json!([{"cells": ["b", 1, "y", "3s"]}]), true));
        assert_eq!(wide, ["NAME   TARGETS   PROBLEM   AGE", "b      1         y         3s"]);
    }
}
