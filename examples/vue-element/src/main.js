import { createApp } from "vue";
import "element-plus/theme-chalk/base.css";
import "element-plus/theme-chalk/dark/css-vars.css";
import "./brand.css";
import App from "./App.vue";

document.documentElement.classList.toggle("dark", matchMedia("(prefers-color-scheme: dark)").matches);
createApp(App).mount("#app");
