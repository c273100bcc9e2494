import { render } from "preact";
import "./style/tokens.css";
import "./style/page.css";
import { boot } from "./state/session.ts";
import { App } from "./view/app.tsx";
import { listenToKeys } from "./view/keys.ts";
import { watchPalette } from "./view/palette.ts";
import { watchWidth } from "./view/plot.ts";
import { keepPlaying } from "./view/transport.ts";
import { keepAsking } from "./view/why.tsx";

watchPalette();
watchWidth();
render(<App />, document.getElementById("app")!);
listenToKeys();
keepPlaying();
keepAsking();
void boot();
