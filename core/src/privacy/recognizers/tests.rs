//! Tables of what is found and what is not. `⟦` and `⟧` stand around what must be covered.

use super::super::analyze::analyze;
use super::super::policy::Policy;

/// Takes the brackets out of a case: the text, and the places (bytes) between them.
fn parse(case: &str) -> (String, Vec<(usize, usize)>) {
    let (mut text, mut places, mut open) = (String::new(), Vec::new(), None);
    for c in case.chars() {
        match c {
            '⟦' => open = Some(text.len()),
            '⟧' => places.push((open.take().unwrap(), text.len())),
            _ => text.push(c),
        }
    }
    (text, places)
}

/// Every case of a kind, with all recognisers at work under the owner's policy.
#[track_caller]
fn check(kind: &str, cases: &[&str]) {
    check_under(&Policy::owner(), kind, cases);
}

#[track_caller]
fn check_under(policy: &Policy, kind: &str, cases: &[&str]) {
    let mut wrong = Vec::new();
    for case in cases {
        let (text, want) = parse(case);
        let got = analyze(&text, policy);
        let places: Vec<(usize, usize)> = got.iter().map(|f| (f.start, f.end)).collect();
        if places != want || got.iter().any(|f| f.entity_type != kind) {
            let seen: Vec<(&str, &str)> = got.iter().map(|f| (f.entity_type, &text[f.start..f.end])).collect();
            wrong.push(format!("{case}\n    got {seen:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn cards() {
    check(
        "CREDIT_CARD",
        &[
            "⟦4111111111111111⟧",
            "my card is ⟦4111 1111 1111 1111⟧ thanks",
            "⟦4111-1111-1111-1111⟧, ⟦5555 5555 5555 4444⟧.",
            "(⟦371449635398431⟧)",
            "⟦3714 496353 98431⟧",
            "⟦30569309025904⟧",
            "cc:⟦4012888888881881⟧;",
            "卡号⟦4111111111111111⟧谢谢",
            "البطاقة ⟦٤١١١ ١١١١ ١١١١ ١١١١⟧",
            "カード⟦４１１１１１１１１１１１１１１１⟧です",
            "🙂⟦4111111111111111⟧🙂",
            "é ⟦4111\u{a0}1111\u{a0}1111\u{a0}1111⟧ é",
            "what is the limit for card ⟦30436162440986⟧?",
            "my credit card number is ⟦675984103431⟧?",
            "card ⟦4111111111111112⟧ was declined",
            "My card is 1234", // four digits are what receipts show
        ],
    );
}

#[test]
fn cards_said_aloud() {
    check(
        "CREDIT_CARD",
        &[
            "my card number is ⟦four one one one, one one one one, one one one one, one one one one⟧",
            "⟦4111 one one one one, 1111-1111⟧",
            "My card number is ⟦4-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1⟧.",
            "⟦four, one, one, one, one, one, one, one, one, one, one, one, one, one, one, one⟧",
            "⟦4111, 1111, 1111, 1111⟧",
            "visa ⟦four oh one two, triple eight eight, double eight eight eight, one eight eight one⟧, got it?",
            "⟦Forty-one eleven, eleven eleven, eleven eleven, eleven eleven⟧",
            "it's ⟦five five five five uh five five five five um five five five five four four four four⟧ okay",
            "card number ⟦four one one one one one one one⟧",
            "⟦Four One One One One One One One One One One One One⟧",
            // As the recogniser wrote synthetic speech down, its mistakes included.
            "My car temperature is ⟦41111111111111111111111111111111111111111111111⟧",
            "My carton varies for ⟦one one one one one one one one one one one one one one one⟧",
            "The cotton bar is ⟦5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 4, 4⟧,",
            "The card number is ⟦5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 4, 4, 4, 4, 4, 4⟧,",
            "My visa is ⟦4012, 3088, 8888, 1881⟧.",
            "American Express ⟦378282246310005⟧",
            "American X-Press ⟦37828246310005⟧",
            "My credit card number is ⟦4539148803436467⟧ and it expires next month.",
        ],
    );
}

#[test]
fn phones() {
    check(
        "PHONE_NUMBER",
        &[
            "call ⟦+1 415 555 2671⟧",
            "⟦+14155552671⟧",
            "⟦+44 (20) 7123 4567⟧ ⟦+49 30 1234567⟧",
            "⟦+46 (0)8 928 571 38⟧ fax",
            "(⟦(415) 555-0132⟧)",
            "_: ⟦(415)555-0132⟧",
            "⟦905-674-3793⟧.",
            "⟦345-899-3560x4587⟧",
            "⟦202-555-0176 ext. 42⟧",
            "⟦001-518-640-0854⟧ mobile",
            "They're not answering at ⟦079 2718 1155⟧",
            "Phone: ⟦72 128 827⟧",
            "Phone:\n⟦60-56-85-91⟧\n",
            "Can someone call me on ⟦9472 7916⟧?",
            "電話⟦+81 3 1234 5678⟧まで",
            "тел. ⟦+7 495 123-45-67⟧",
            "⟦＋49 30 1234567⟧",
            "my phone number is ⟦5552671⟧",
        ],
    );
}

#[test]
fn phones_said_aloud() {
    check(
        "PHONE_NUMBER",
        &[
            "my phone number is ⟦four one five, five five five, two six seven one⟧",
            "⟦Four-one-five, five-five-five, two-six-seven-one⟧",
            "⟦four one five five five five two six seven one⟧",
            "My phone number is ⟦415-5552671⟧",
            "my cell is ⟦5 5 5 2 6 7 1⟧",
            "call ⟦one eight hundred five five five two six seven one⟧",
            "call me at ⟦plus one four one five five five five two six seven one⟧.",
            "my number is ⟦oh seven nine four six, double nine oh, triple one⟧",
            // As the recogniser wrote synthetic speech down, its mistakes included.
            "My phone number is ⟦415-555-2671⟧",
            "You can call me at ⟦+1415552671⟧",
            "Call me on ⟦07946 0090 3.1⟧",
            "The number is ⟦202 555 0176 extension 42⟧",
            "The number is ⟦2025550176 extension 42⟧",
            "My number is area code ⟦415-555-0132⟧. Thanks. Bye.",
        ],
    );
}

#[test]
fn social_security_numbers() {
    check(
        "US_SSN",
        &[
            "ssn ⟦536-90-4399⟧",
            "⟦078-05-1123⟧",
            "⟦078.05.1123⟧!",
            "my ssn is ⟦078-051121⟧",
            "social security number ⟦078051121⟧",
            "SSN ⟦９００-12-3456⟧",
            "my social is ⟦zero seven eight, oh five, one one two three⟧",
            "it is ⟦five three six, nine zero, four three nine nine⟧",
            // As the recogniser wrote synthetic speech down, its mistakes included.
            "My social security number is ⟦536-904399⟧",
            "My social is ⟦zero seven eight, oh five, one, one, two, three⟧.",
            "My social is the arrow ⟦78, 05, 1123⟧.",
        ],
    );
}

#[test]
fn ibans() {
    check(
        "IBAN_CODE",
        &[
            "⟦DE89370400440532013000⟧",
            "IBAN: ⟦DE89 3704 0044 0532 0130 00⟧.",
            "IBAN ⟦DE 89 3704 0044 0532 0130 00⟧",
            "⟦GB82-WEST-1234-5698-7654-32⟧",
            "my iban is ⟦gb42nawi04454264788619⟧",
            "⟦NO9386011117947⟧ ⟦MT84MALT011000012345MTLCAST001S⟧",
            "из⟦DE89370400440532013000⟧в",
            "my IBAN is ⟦DE88 3704 0044 0532 0130 00⟧ thanks a lot",
            "it is ⟦D E eight nine, three seven zero four, zero zero four four, zero five three two, zero one three zero, zero zero⟧",
            "⟦delta echo 89, 3704, 0044, 0532, 0130, 00⟧ okay",
            "My bn is ⟦d-d-a-t-i-n, 3704, 0044, 00532, 00130, 000⟧.",
        ],
    );
}

#[test]
fn emails() {
    check(
        "EMAIL_ADDRESS",
        &[
            "write to ⟦jane.roe@example.org⟧ today",
            "⟦a@b.co⟧",
            "<⟦jane+tag@mail.example.co.uk⟧>,",
            "mailto:⟦jane@example.org⟧?subject=x",
            "⟦jürgen@müller.de⟧ ⟦李@例子.公司⟧",
            "Reach the @⟦jsmith402@fu.co.uk⟧",
            "to=⟦jane@example.org⟧;",
            "⟦jane @ example.org⟧ it is",
            "my email is ⟦jane dot roe at example dot org⟧",
            "write to ⟦bob underscore smith at gmail dot com⟧ please",
            "send it to ⟦info at presidio dot site⟧",
            "reach me at ⟦j smith forty two at yahoo dot co dot uk⟧",
            "⟦jane.roe at example.org⟧",
            "it's ⟦Jane Dot Roe At Example Dot Com⟧.",
            // As the recogniser wrote synthetic speech down, its mistakes included.
            "My email is ⟦jain.ro.app.sample.org⟧",
            "My email is ⟦jain.ro-attentample.org⟧",
            "Write to ⟦mob_smith@gmail.com⟧ please",
            "Send it to ⟦info@prizid.net.site⟧",
        ],
    );
}

#[test]
fn internet_addresses() {
    check(
        "IP_ADDRESS",
        &[
            "host ⟦192.168.17.23⟧ is up",
            "⟦10.0.0.1⟧",
            "(⟦192.168.1.0/24⟧).",
            "⟦2001:db8::1⟧, ⟦::ffff:127.0.0.1⟧",
            "[⟦::ffff:192.168.1.1⟧]:80",
            "⟦fe80::1%eth0/64⟧",
            "⟦6e40:4041:c617:e898:c11:40d2:c669:2eb4⟧",
            "http://⟦192.168.1.1⟧:8080/x",
            "the server is ⟦one ninety two dot one sixty eight dot one dot one⟧",
            "⟦ten dot zero dot zero dot two five five⟧",
            "it is ⟦one hundred and ninety two point one six eight point seventeen point twenty three⟧",
            "服务器⟦10.0.0.1⟧。",
            // As the recogniser wrote synthetic speech down, its mistakes included.
            "The server is ⟦192.168.1.1.1⟧",
            "The address is ⟦10.0.0.255⟧",
            "The IP address is 100 and ⟦92.168.17.23⟧.",
        ],
    );
}

#[test]
fn secrets() {
    // Put together here, so that no scanner of the source takes them for real ones.
    let key = concat!("-----BEGIN RSA PRIV", "ATE KEY-----\nMIIEow+/=\nabc\n-----END RSA PRIV", "ATE KEY-----");
    let sealed = concat!("-----BEGIN EC PRIV", "ATE KEY-----\nDEK-Info: AES-128-CBC,0A\n\nMIIE\n-----END EC PRIV", "ATE KEY-----");
    let cut = concat!("-----BEGIN PRIV", "ATE KEY-----\nMIIEowIBAAKCAQEA");
    let jwt = concat!("ey", "JhbGciOiJIUzI1NiJ9.ey", "JzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U");
    check(
        "SECRET",
        &[
            "key ⟦AKIAIOSFODNN7EXAMPLE⟧",
            &format!("⟦{key}⟧ and so on"),
            &format!("a ⟦{sealed}⟧."),
            &format!("⟦{cut}⟧"),
            &format!("⟦ghp_{}⟧.", "a1B2".repeat(9)),
            concat!("⟦xox", "b-123456789012-abcdefABCDEF⟧"),
            &format!("⟦AIza{}⟧", "a1B2c".repeat(7)),
            &format!("⟦sk_live_{}⟧", "a1B2".repeat(6)),
            &format!("⟦sk-proj-{}⟧,", "a1B2".repeat(10)),
            &format!("⟦{jwt}⟧"),
            "curl -H 'Authorization: ⟦Bearer abcdef0123456789abcdef⟧'",
            "⟦postgres://loom:s3cret@⟧db/loom",
            "the password is ⟦Hunter 2⟧.",
            "My password is ⟦correct horse battery staple⟧.",
            "password: ⟦hunter2⟧",
            "PASSWORD=⟦hunter2⟧;",
            "the token is ⟦a1b2c3d4⟧ and not a word",
            "https://example.org/badge.svg?token=⟦B1EnafGlRL⟧)",
            r#"{"password": "⟦with spaces in it⟧"}"#,
            "passphrase is ⟦blue sky⟧ and the door is open",
            "my PIN is ⟦4321⟧.",
            "my pin is ⟦four three two one⟧",
            "the security code is ⟦123⟧",
            "the api key is ⟦K I O S F O D N N seven E X A M P L E⟧",
            "token ⟦9f86d081884c7d659a2feaa0c55ad015⟧",
            // As the recogniser wrote synthetic speech down, its mistakes included.
            "My password is ⟦correct or smaggery stable⟧.",
            "The API key is ⟦K-I-O-S-F-O-D-N-N-7-E-X-M-P-L-E⟧.",
            "My pin is for ⟦three, two, one⟧.",
            "It expires in 1226 and the security code is ⟦123⟧.",
        ],
    );
}

#[test]
fn what_is_innocent_stays() {
    let innocent = [
        "",
        " ",
        "The meeting is at 4 on the 12th of May 2024, room 1111.",
        "He counted one two three four and jumped.",
        "Order 4111111111111112 is late.",
        "One, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve.",
        "ten nine eight seven six five four three two one zero",
        "two four six eight ten twelve fourteen sixteen",
        "In nineteen eighty four there were twenty five thousand people.",
        "In 1984, there were 25,000 people, 1,234,567 cows and 12,345,678,901 flies.",
        "The meeting is at four on the twelve Sunday, room eleven eleven.",
        "Call me at 10 on 12.05.2024 or 2024-05-12 13:45:00.",
        "I called twice, on 3 and 4 May.",
        "Pi is 3.14159265358979323846264338327950288.",
        "Version 1.2.3 follows 1.2.2, section 1.2.3.4.5.",
        "It was 12:30:45 and the ratio 1:2:3:4.",
        "std::vector and a::b are names, :: is not.",
        "commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 landed",
        "id 550e8400-e29b-41d4-a716-446655440000",
        "order number 2025550176",
        "The password is wrong. My password is not working and the password is required.",
        "Your password was changed. The secret is to try, the key is that it works.",
        "Look at example dot com, or find it at amazon dot com.",
        "See example.org and www.example.org.",
        "info@presidio. or @jane or a @ b",
        "one for the money two for the show three to get ready",
        "from one to five and two to four",
        "a risk-based approach, basic responsibilities",
        "Testing, one two, one two, one two.",
        "12 34 56 78 90",
        "1716239022123456789 ns, 1716239022123 ms",
        "Oh, I see. Oh, two of them.",
        "They won three to two, then ate for four.",
        "ISBN 978-3-16-148410-0",
        "lat 37.7749295, lon -122.4194155",
        "The year 2024 2025 2026 2027",
        "scores: 3, 4, 5, 5, 4, 3, 2",
        "The input tokens are parsed using a grammar, let tokens: Vec<_> = Token::new(1);",
        "fn hash(password: &str, token: Token) -> u8",
        "&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]",
        "12, 45, 39, 14, 88, 03, 43, 64, 67, 11",
        "See C.F.R. 12.212 and 48 C.F.R. 227.7202-1.",
        "duplicates 003, 008, 009, 023, 032, 033, 034, 043",
        "-rwsr-xr-x 1 root root 30736 2007-01-31 00:10",
        "Signal Processing, vol. 27, no. 4, pp. 309-19 (1979).",
        "Room 415, 555 seats, 2671 people",
    ];
    check_under(&Policy::owner(), "", &innocent);
    check_under(&Policy::shared(), "", &innocent);
}
