//! What the privacy filter took out, in a person's words.

/// `CREDIT_CARD` → `card number`; what is not known by name, in lower case.
pub fn kind(entity_type: &str) -> String {
    match entity_type {
        "CREDIT_CARD" => "card number".into(),
        "EMAIL_ADDRESS" => "e-mail address".into(),
        "IBAN_CODE" | "IBAN" => "bank account".into(),
        "IP_ADDRESS" => "IP address".into(),
        "US_SSN" => "social security number".into(),
        "API_KEY" | "SECRET" => "secret".into(),
        other => other.to_lowercase().replace('_', " "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_words() {
        assert_eq!(["CREDIT_CARD", "PHONE_NUMBER", "US_SSN"].map(kind), ["card number", "phone number", "social security number"]);
    }
}
