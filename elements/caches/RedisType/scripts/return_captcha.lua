-- KEYS: the use of a captcha.
return_captcha(KEYS[1], text())
return { 1 }
