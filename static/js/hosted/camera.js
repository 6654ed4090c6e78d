// Images from the camera or from a file, always passed on as a JPEG in a data address.
import { button, element, labelled, show } from "./screens.js";
import { t } from "./texts.js";

const FRAMES = 8;
const FRAME_EVERY_MS = 150;
const IMAGE_WIDTH = 1280;
const FRAME_WIDTH = 320;

const FAILED = "failed";

let running = null;

export function stopCamera() {
  running?.getTracks().forEach((track) => track.stop());
  running = null;
}

/**
 * Asks for one image. `modes` are "camera" and "upload"; without a usable camera a file can always be chosen.
 * The answer is {image, frames, origin}, BACK, or the value of `skip` ({label, value}).
 */
export async function takePhoto({ title, tips, modes, facing, withFrames = false, mayTurn = false, skip = null }) {
  let how = await show(title, (answer) => [
    element("p", {}, tips),
    modes.includes("camera") ? button(t("openCamera"), () => answer(facing), "primary") : null,
    modes.includes("upload") ? fileField(answer) : null,
    skip ? button(skip.label, () => answer(skip.value)) : null,
  ]);
  while (how === "user" || how === "environment") {
    how = await fromCamera(title, how, withFrames, mayTurn);
    if (how === FAILED) {
      how = await show(title, (answer) => [
        element("p", { class: "problem", role: "alert" }, t("noCamera")),
        fileField(answer),
        button(t("tryAgain"), () => answer(facing)),
      ]);
    }
  }
  return how;
}

async function fromCamera(title, facing, withFrames, mayTurn) {
  const video = element("video", { playsinline: true, "aria-label": t("cameraView") });
  video.muted = true;
  video.classList.toggle("mirrored", facing === "user");
  try {
    running = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: facing, width: { ideal: IMAGE_WIDTH } } });
    video.srcObject = running;
    await video.play();
  } catch {
    // Refused, missing, in use by another program, or a page without https: the remedy is the same.
    stopCamera();
    return FAILED;
  }
  const answer = await show(title, (end) => {
    const status = element("p", { role: "status" });
    const turned = facing === "user" ? "environment" : "user";
    const take = button(t("takePhoto"), async () => {
      take.disabled = true;
      const frames = withFrames ? await framesOf(video, status) : [];
      end({ image: jpeg(video, IMAGE_WIDTH), frames, origin: "camera" });
    }, "primary");
    return [video, status, take, mayTurn ? button(t("otherCamera"), () => end(turned)) : null];
  });
  stopCamera();
  return answer;
}

async function framesOf(video, status) {
  const frames = [];
  for (let count = 1; count <= FRAMES; count += 1) {
    status.textContent = t("holdStill", { count, total: FRAMES });
    frames.push(jpeg(video, FRAME_WIDTH));
    await new Promise((resolve) => { setTimeout(resolve, FRAME_EVERY_MS); });
  }
  return frames;
}

function fileField(answer) {
  const problem = element("p", { class: "problem", role: "alert", hidden: true }, t("notAnImage"));
  const input = element("input", {
    type: "file",
    id: "image-file",
    accept: "image/*",
    change: async () => {
      try {
        const chosen = await createImageBitmap(input.files[0]);
        answer({ image: jpeg(chosen, IMAGE_WIDTH), frames: [], origin: "upload" });
      } catch {
        problem.hidden = false; // A file that the browser cannot draw is not an image.
      }
    },
  });
  return element("div", { class: "file" }, labelled(t("chooseFile"), input), problem);
}

function jpeg(source, maxWidth) {
  const width = source.videoWidth || source.width;
  const height = source.videoHeight || source.height;
  const scale = Math.min(1, maxWidth / width);
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", 0.85);
}

