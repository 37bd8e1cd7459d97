//! Filling in what the client left out.
//!
//! The rules are those of `apiextensions-apiserver/pkg/apiserver/schema/defaulting`.

#[cfg(test)]
mod tests;

use serde_json::Value;

use super::Schema;

impl Schema {
    /// Drops nulls that may not be there and have no default, then fills in the defaults.
    pub fn set_defaults(&self, object: &mut Value) {
        self.drop_nulls(object);
        self.fill(object);
    }

    /// Drops every null whose field is neither nullable nor has a default to replace it.
    pub fn drop_nulls(&self, value: &mut Value) {
        match value {
            Value::Object(fields) => fields.retain(|name, value| {
                let Some(child) = self.child(name) else { return true };
                if value.is_null() && !child.nullable && child.default.is_none() {
                    return false;
                }
                child.drop_nulls(value);
                true
            }),
            Value::Array(items) => {
                let Some(child) = self.items.as_deref() else { return };
                items.iter_mut().for_each(|item| child.drop_nulls(item));
            }
            _ => {}
        }
    }

    /// Fills in the defaults, from the outside in: a default is itself filled.
    pub fn fill(&self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, child) in &self.properties {
                    let Some(default) = &child.default else { continue };
                    if fields.get(name).is_none_or(|value| value.is_null() && !child.nullable) {
                        fields.insert(name.clone(), default.clone());
                    }
                }
                for (name, value) in fields.iter_mut() {
                    let Some(child) = self.child(name) else { continue };
                    child.replace_null(value);
                    child.fill(value);
                }
            }
            Value::Array(items) => {
                let Some(child) = self.items.as_deref() else { return };
                for item in items {
                    child.replace_null(item);
                    child.fill(item);
                }
            }
            _ => {}
        }
    }

    fn replace_null(&self, value: &mut Value) {
        if let (true, false, Some(default)) = (value.is_null(), self.nullable, &self.default) {
            *value = default.clone();
        }
    }
}
