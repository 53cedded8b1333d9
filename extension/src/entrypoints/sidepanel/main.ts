import { extensionHost } from "../../host/extension";
import { mount } from "../../panel/mount";

mount(extensionHost());
