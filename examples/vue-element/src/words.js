// The texts of the view; those of errors by code.
export const words = {
  zh: {
    title: "登录", country: "国家或地区", phone: "手机号", send: "获取验证码", again: "重新发送", wait: (n) => `${n} 秒后可重新发送`,
    code: "验证码", next: "继续", back: "返回", edit: "更换号码", newcomer: "该手机号尚未注册,请填写昵称。", nick: "昵称", register: "注册", corp: "请选择要进入的组织",
    check: "发送验证码前,请先完成安全验证。", picture: "图中的数字", shown: "待输入数字的图片", another: "换一张", hear: "改听语音",
    heard: "语音中的数字", recording: "待输入数字的语音", see: "改看图片", repeat: "换一段语音", welcome: "已登录", signOut: "退出登录",
    sent: (to) => `验证码已发送至 ${to}`, digits: (n) => `验证码共 ${n} 位数字`,
    PHONE_INVALID: "请输入正确的手机号,例如 138 0013 8000", PHONE_REGION_NOT_ALLOWED: "暂不支持该国家或地区的手机号",
    SEND_TOO_FREQUENT: "验证码刚刚已发送", SEND_LIMITED: "获取过于频繁,请稍后再试", CAPTCHA_REQUIRED: "请先完成安全验证",
    CAPTCHA_ERROR: "验证未通过,请重新输入", CODE_REJECTED: "验证码不正确或已过期", CODE_LOCKED: "错误次数过多,请稍后再试",
    REGISTRATION_CLOSED: "该手机号暂不能登录", SMS_FAILED: "短信可能稍后到达", NETWORK: "网络连接失败", other: "暂时无法处理,请稍后再试",
  },
  en: {
    title: "Sign in", country: "Country or region", phone: "Mobile phone number", send: "Get a code", again: "Send a new code", wait: (n) => `New code in ${n} s`,
    code: "Verification code", next: "Continue", back: "Back", edit: "Use another number", newcomer: "This number is new here. Choose the nickname that others see.", nick: "Nickname", register: "Create an account",
    corp: "Which organisation do you want to enter?", check: "A quick check that you are a person, before we send the code.", picture: "Digits in the picture", shown: "Picture of digits to be typed", another: "Another picture", hear: "Listen instead",
    heard: "Digits in the recording", recording: "Recording of digits to be typed", see: "Use a picture", repeat: "Another recording", welcome: "You are signed in", signOut: "Sign out",
    sent: (to) => `A code is on its way to ${to}`, digits: (n) => `The code has ${n} digits`,
    PHONE_INVALID: "Enter a mobile phone number, like 138 0013 8000", PHONE_REGION_NOT_ALLOWED: "Numbers of this country can't be used here",
    SEND_TOO_FREQUENT: "A code was sent a moment ago", SEND_LIMITED: "Too many codes were sent. Try again later", CAPTCHA_REQUIRED: "Show that you are a person first",
    CAPTCHA_ERROR: "That wasn't right. Here is a new one", CODE_REJECTED: "The code is wrong or has expired", CODE_LOCKED: "Too many wrong codes. Try again later",
    REGISTRATION_CLOSED: "This number can't be used to sign in", SMS_FAILED: "The code may still arrive", NETWORK: "No connection", other: "That doesn't work at the moment",
  },
};
