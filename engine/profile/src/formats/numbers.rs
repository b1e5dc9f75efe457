//! Numbers in texts.

/// Whether a text is a boolean in one of the usual forms.
pub fn boolean(text: &str) -> bool {
    ["true", "false", "t", "f", "yes", "no", "y", "n", "0", "1"].iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Whether a text is a whole number. With leading zeros it is a code: they mean something.
pub fn integer(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    !digits.is_empty()
        && digits.len() <= 38
        && digits.bytes().all(|b| b.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'))
}

/// Whether a text is a number with this decimal mark, or with this mark between its thousands; a number with an exponent where the mark is a point.
pub fn decimal(text: &str, point: char, thousands: char) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) if point == '.' => (mantissa, Some(exponent)),
        Some(_) => return false,
        None => (text, None),
    };
    if exponent.is_some_and(|e| !integer(e)) {
        return false;
    }
    let (whole, fraction) = match mantissa.split_once(point) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if fraction.is_some_and(|f| !digits(f)) {
        return false;
    }
    let groups: Vec<&str> = whole.split(thousands).collect();
    let grouped = groups.len() > 1;
    let right = match groups.split_first() {
        Some((first, rest)) if grouped => {
            digits(first) && first.len() <= 3 && rest.iter().all(|g| g.len() == 3 && digits(g))
        }
        _ => digits(whole),
    };
    right && (grouped || fraction.is_some() || exponent.is_some())
}

fn any(text: &str) -> bool {
    integer(text) || decimal(text, '.', ',') || decimal(text, ',', '.')
}

/// Whether a text is a number with a percent sign.
pub fn percent(text: &str) -> bool {
    text.strip_suffix('%').is_some_and(|number| any(number.trim_end()))
}

/// Whether a text is a number beside the sign or the code of a currency.
pub fn money(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let signs = ['€', '$', '£', '¥', '₹', '₽', '₺', '₩', '₪'];
    let mut around = signs.iter().filter_map(|sign| text.strip_prefix(*sign).or_else(|| text.strip_suffix(*sign)));
    if around.any(|number| any(number.trim())) {
        return true;
    }
    CODES.split(' ').any(|code| {
        let around = text.strip_prefix(code).or_else(|| text.strip_suffix(code));
        around.is_some_and(|number| any(number.trim()))
    })
}

/// Codes of ISO 4217 for the currencies in wide use.
const CODES: &str = "AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JPY KES KRW KWD MAD MXN MYR \
    NGN NOK NZD PEN PHP PKR PLN QAR RON RSD RUB SAR SEK SGD THB TRY TWD UAH USD VND ZAR";
