import { version } from "../../package.json";
import { pageHost } from "../host/page";
import { mount } from "../panel/mount";

mount(pageHost(version));
