//! What all sides of a benchmark compute, so that only what is around it differs. `peers/node/handler.js` says the same in
//! JavaScript.

use serde_json::{Value, json};

/// Fills in what an order comes to: a sum for each line, the total, and the article numbers in capitals.
///
/// # Errors
/// What is missing or of the wrong type.
pub fn rewrite(order: &mut Value) -> Result<(), String> {
    let lines = order.get_mut("lines").and_then(Value::as_array_mut).ok_or("lines: must be a list")?;
    let mut total = 0;
    for line in lines {
        let number = |name: &str| {
            line.get(name).and_then(Value::as_u64).ok_or_else(|| format!("{name}: must be a number"))
        };
        let sum = number("quantity")?.saturating_mul(number("price_cents")?);
        let article = line.get("article").and_then(Value::as_str).ok_or("article: must be a text")?;
        let article = article.to_uppercase();
        line["article"] = json!(article);
        line["sum_cents"] = json!(sum);
        total += sum;
    }
    order["total_cents"] = json!(total);
    order["state"] = json!("priced");
    Ok(())
}

/// The same, from text to text.
///
/// # Errors
/// As [`rewrite`], and what is wrong with the text.
pub fn rewrite_text(order: &str) -> Result<String, String> {
    let mut order: Value = serde_json::from_str(order).map_err(|error| error.to_string())?;
    rewrite(&mut order)?;
    Ok(order.to_string())
}

/// An order with so many lines: 9 make a kilobyte.
#[must_use]
pub fn order(lines: u64) -> Value {
    let lines: Vec<Value> = (0..lines)
        .map(|line| {
            json!({
                "article": format!("sku-{line:05}"),
                "name": format!("Article number {line}, \"boxed\""),
                "quantity": line % 7 + 1,
                "price_cents": 199 + line * 31 % 9_000,
            })
        })
        .collect();
    json!({ "id": "0190a3b2-7c4e-7d11-9c1e-5a2f3b4c5d6e", "customer": { "name": "Ada", "language": "en" }, "lines": lines })
}

/// Computes with whole numbers for so many rounds (xorshift), without touching memory.
#[must_use]
pub fn spin(rounds: u64) -> u64 {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for _ in 0..rounds {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_priced() {
        let mut order = order(9);
        assert!((900..1_100).contains(&order.to_string().len()), "{}", order.to_string().len());
        rewrite(&mut order).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(order["lines"][1]["sum_cents"], 2 * 230);
        assert_eq!(order["lines"][1]["article"], "SKU-00001");
        let total: u64 = (0..9).map(|line| (line % 7 + 1) * (199 + line * 31)).sum();
        assert_eq!(order["total_cents"], total);
        assert!(rewrite(&mut json!({ "lines": [{}] })).is_err());
    }
}
